# What a check of an evidence bundle finds, in English. Every message stands on one line.

# The file
bundle-changed = The file was changed after it was made: its contents do not give the number that stands at its end.
tally-differs = The file does not hold as many parts as it says: something was taken out or put in.
cut-off = The file ends too early: part of it is missing, as after an interrupted copy.
bytes-behind-the-end = Something was added behind the end of the file.
unreadable = The file is damaged and cannot be read on ({ $why }).
out-of-order = The parts of the file do not stand in their order: they were moved about or doubled.

# The hub
other-hub = The file names another hub ({ $hub }) than the one expected ({ $expected }).
receipt-without-hub = There is a receipt for record { $commit }, and no hub is named whose signature it should carry.
receipt-unsound = The receipt for record { $commit } was not signed by this hub, or was changed afterwards ({ $why }).
receipt-of-another = The receipt at position { $position } of zone { $zone } belongs to another record than { $commit }: receipts were exchanged.
receipts-reordered = The receipts of record { $commit } are not in the order in which the hub gave them.
receipt-before-seen = Record { $commit } knows a time of the hub ({ $seen }) that is later than its own receipt ({ $stamped }).
position-twice = The hub gave position { $position } of zone { $zone } (period { $epoch }) to two different things.
hub-time-back = At position { $position } of zone { $zone } the hub's clock reads { $time }, earlier than before it ({ $before }).
grant-without-hub = There is a certificate, and no hub is named whose signature it should carry.
grant-unsound = A certificate was not signed by this hub, or was changed afterwards ({ $why }).
grant-of-another = The entry of device { $device } belongs to another certificate.
pack-of-another = The entry of reference data { $pack } belongs to other data.
verdict-disagrees = The hub's decision on record { $commit } (position { $position }: { $verdict }) does not follow from the rights of its signer ({ $reason }).

# Records and their chain
commit-unsound = Record no. { $number } was changed after it was signed, or is not whole ({ $why }).
commit-twice = Record { $commit } is in the file twice.
commit-missing = Record { $commit } is missing, though record { $by } names it: it was taken out.
link-unsound = Head no. { $number } of a record that is not in the file was changed after it was signed ({ $why }).
chain-gap = Records { $from } to { $to } of device { $device } in zone “{ $zone }” are missing from its chain.
chain-broken = Record no. { $seq } ({ $commit }) of device { $device } in zone “{ $zone }” does not follow the record before it: one was taken out or replaced.
chain-forked = Device { $device } has two different records no. { $seq } in zone “{ $zone }”: one may have been made to replace the other.
head-differs = Record { $commit } names another record no. { $seq } of zone “{ $zone }” than the one in the file.
stamped-out-of-order = The hub's positions of records { $before } and { $commit } are the wrong way round.
clock-back = Record { $commit } is dated { $time }, earlier than the record before it ({ $before }, { $time-before }): it was dated back.
seen-time-back = Record { $commit } knows an earlier time of the hub than the record before it ({ $before }).

# Photos and reference data
photo-changed = Photo { $photo } of case { $case } is not the one that was sealed: it was changed or exchanged.
photo-size-differs = Photo { $photo } of case { $case } has another length than was sealed.
photo-unnamed = Photo { $photo } belongs to no record of this file (case { $case }): it was put in.
photo-missing = Photo { $photo } of case { $case }, named by record { $commit }, was taken out.
pack-changed = Reference data { $pack } are not those that were in force.
pack-unnamed = Reference data { $pack } belong to nothing in this file.

# What is not here and no fault
not-stamped = The hub has not confirmed record { $commit } of device { $device } yet: there is no latest time for it.
value-erased = A text or a place of record { $commit } was erased by order; the record itself holds.
unread = Record { $commit } was written by a newer version: its signature holds, its contents were not read.
not-judged = The exporter had not read up to position { $position }: the hub's decision on record { $commit } was not judged again.
photo-not-here = Photo { $photo } of case { $case } (record { $commit }) was not held by whoever made the file.
photo-was-damaged = Photo { $photo } of case { $case } (record { $commit }) was damaged where the file was made, and is not in it.
photos-left-out = { $count } photos were left out on purpose.
commit-not-here = Record { $commit }, which record { $by } names, was not held by whoever made the file.
chain-not-here = Records { $from } to { $to } of device { $device } in zone “{ $zone }” were not held by whoever made the file.
fork-quarantined = Device { $device } has two records no. { $seq } in zone “{ $zone }”; the hub holds one of them back.
wall-clock-back = The clock of the device was set back: record { $commit } reads { $time }, record { $before } before it { $time-before }. What is proven of its time stands beside it.

# The answer
sound = SOUND: nothing was changed, dropped, exchanged or dated back.
not-sound = NOT SOUND
counts = { $commits } records, { $links } heads of other records, { $receipts } receipts, { $photos } photos, { $cases } cases, { $judged } decisions judged again
hash-line = hash of the file: { $hash }
no-hash = The hash of the file is not known: it could not be read to its end.
pinned = The hub's signatures were checked with the key that you gave: { $key }
not-pinned = Signed by hub key { $key }, which this file itself names. Compare it with the key that the city publishes, or give that with --hub-key.
no-hub = No hub has confirmed anything in this file.
made-line = Made by { $writer } of { $by } { $key }, { $at }
maker-device = device
maker-hub = hub
case-line = case { $case }: { $phase }
chain-line = device { $device }, zone “{ $zone }”: records { $first } to { $last }, { $whole } of them here whole
more = … and { $count } more
