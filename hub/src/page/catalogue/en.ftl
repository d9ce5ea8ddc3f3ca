# The page of a hub, in English. Keys in the order of the page.

# The frame
page-title = { $hub } · { $day }
page-zone = Zone { $zone }
page-as-of = As of { $at }
page-person = Only { $person }
skip = To the content
nav-label = Days and languages
nav-before = ← Day before
nav-after = Day after →
nav-latest = Latest day with a patrol
nav-everybody = Everybody
day-field = Day
day-show = Show
language-chinese = 中文
language-english = English
and-more = { $count ->
    [one] and { $count } more
   *[other] and { $count } more
 }
not-applicable = not applicable
not-evaluated = not evaluated
unknown = unknown
percent = { $value } %
metres = { $value } m
minutes = { $value } min
seconds = { $count } s
from-to = { $from }–{ $to }
part-of = { $part } of { $whole }
part-of-against = { $part } of { $whole }, the rest scores
part-score = Score { $score }

# Refusals
refused = This page shows where people were. It is answered only to the hub's own machine: open it there at http://127.0.0.1 or http://localhost, not through a proxy or another name.
malformed = The address cannot be read. A day is written like 2026-01-31.

# A hub without duty
empty-heading = This hub has no roster yet
empty-why = A verdict needs to know who was on duty where. Bring the city's files into force, in this order:
empty-grids = The duty cells, as GeoJSON
empty-duties = The duty list, as XLSX or CSV
empty-routes = The planned routes, as GeoJSON
empty-roster = The roster, as CSV
empty-people = A code for each inspector's phone
empty-then = Patrols that phones send appear here with their shift. Cases appear as soon as a phone has sent one.

# Columns
column-person = Person
column-slot = Slot
column-time = Time
column-from = From
column-leave = Reason
column-grade = Grade
column-score = Score
column-coverage = Coverage
column-part = Part
column-weight = Weight
column-spread = Weight after spreading
column-points = Points
column-label = Label
column-stretch = Along the route
column-length = Length
column-reason = Reason
column-checkpoint = Checkpoint
column-visited = Visited
column-stay = Longest stay
column-stay-asked = Stay asked for
column-item = Item
column-done = Done
column-quota = Quota
column-case = Case
column-detail = What it rests on
column-indicator = Indicator
column-counted = Counted

# Shifts
shifts-heading = Shifts ({ $count })
shifts-none = No shift on this day.
shifts-caption = The shifts of the day
stands-in = Stands in for { $person }
route-named = Route { $name } ({ $code })
route-unknown = Route { $code }: no such route is in force
route-none = No route planned
duty-cells = { $count ->
    [one] Duty cell { $grids }
   *[other] { $count } duty cells: { $grids }
 }
mode-walk = On foot
mode-bicycle = By bicycle
mode-vehicle = By vehicle
grade-label = Grade { $grade }
verdict-caption = How the score comes about
part-coverage = Coverage of the route
part-time = Attendance
part-quantity = Quantity
part-quality = Quality
weighed = Weighted mean { $mean }
deduction = { $points } points off: { $reason } ({ $what })
deduction-none = Nothing deducted
cap = Capped at { $cap }: { $reason } ({ $what })
cap-none = No cap applied
veto-forged-photo = a forged photo was confirmed
inputs = Policy { $version }. Everything that this was made from has the hash

# Coverage
coverage-heading = Coverage of the route
coverage-none = No route was planned, so coverage is not applicable.
coverage-ratio = Share covered
coverage-planned = Planned
coverage-covered = Covered
coverage-unproven = Unproven
coverage-not-visited = Not visited
coverage-walked = Walked altogether
coverage-loops = Loops
coverage-checkpoints = Checkpoints
missed-none = Nothing is missing of the route.
missed-caption = Stretches that are missing, as labelled on the map
missed-label = M{ $number }
miss-not-visited = not visited
miss-gap-in-fixes = unproven: gap in the fixes
miss-fixes-rejected = unproven: fixes rejected
miss-outside-window = unproven: outside the shift
stretch = { $from }–{ $to } m
checkpoints-caption = Checkpoints
visited = visited
visited-not = not visited

# The map
map-title = Route of { $person }: planned, covered, missing and walked
map-covered = Covered { $stretch }, { $enter } to { $leave }
map-missed = Missing { $stretch }: { $reason }
map-checkpoint = Checkpoint { $name }: { $visited }
north = N
legend-cell = Duty cells
legend-planned = Planned route
legend-covered = Covered
legend-missed = Missing, { $reason } ({ $length } m)
legend-walked = Walked, by the accepted fixes
legend-checkpoint = Checkpoint, filled when visited
legend-case = Case, with its number below

# Attendance
attendance-heading = Attendance
attendance-none = No duty cell is known, so attendance is not applicable.
attendance-share = Score { $share } of { $scheduled } scheduled minutes
attendance-bar = The shift from its beginning to its end
attendance-interval = { $from }–{ $to }: { $what }
attendance-excused = Excused
attendance-excused-by = { $time } excused: { $reason }
presence-in-grid = In the duty cells
presence-outside = Outside
presence-over-dwell = Too long in one place
presence-no-fix = No fix
excuse-task = a task in hand
excuse-case = a case in hand
excuse-leave = leave
excuse-appeal = an upheld appeal

# Quantity
quantity-heading = Quantity
quantity-caption = Done of what was asked for
quota-reports = Valid reports
quota-km = Kilometres walked
quota-loops = Loops
quota-tasks = Tasks answered
excluded-caption = Reports that do not count
excluded-duplicate = somebody reported it before
excluded-void = void
excluded-self-split = one problem in several reports
excluded-photo-seen = a photo of it was seen before
excluded-not-valid-yet = not decided yet

# Quality
quality-heading = Quality
quality-caption = Indicators, each a part of a whole
indicator-valid = Reports that were filed
indicator-missed = Missed problems
indicator-verification = Verifications answered in time
indicator-check = Checks answered in time

# Patrols
patrols-heading = Patrols
patrols-none = No patrol was recorded in this shift.
patrol-heading = Patrol { $number }
patrol-finished = From { $from } to { $to }
patrol-under-way = Since { $from }, not finished
patrol-walked = { $length } walked
patrol-fixes = { $fixes ->
    [one] { $fixes } fix recorded, { $accepted } accepted
   *[other] { $fixes } fixes recorded, { $accepted } accepted
 }
patrol-rejected = { $count ->
    [one] { $count } fix rejected: { $reason }
   *[other] { $count } fixes rejected: { $reason }
 }
patrol-silence = No accepted fix from { $from } to { $to }
patrol-interruption = Recording interrupted at { $at }: { $why }
patrol-whole = The track is whole: no part is missing
patrol-missing = { $count ->
    [one] { $count } part of the track is missing
   *[other] { $count } parts of the track are missing
 }
rejected-mock = marked as a mock position
rejected-accuracy = accuracy too poor
rejected-speed = faster than the way of moving allows
rejected-out-of-order = out of order
rejected-duplicate = the same as the one before
interruption-process-ended = the app was ended
interruption-permission-lost = the permission for positions was taken away
interruption-battery-saver = the battery saver stopped it
interruption-paused = paused by hand

# Vacancies
vacancies-heading = Vacancies ({ $count })
vacancies-caption = Shifts that nobody worked

# Cases
cases-heading = { $overdue ->
    [0] Cases ({ $count }, none overdue)
   *[other] Cases ({ $count }, { $overdue } overdue)
 }
cases-none = No case on this day.
case-title = { $number }: { $class } ({ $name })
case-class-none = No class yet
case-overdue = Overdue
case-number = Number
case-id = Case
case-opened = Reported
case-reporter = Reporter
case-source = Source
case-cell = Cell
case-department = Department
source-inspector = inspector
source-citizen = citizen
phase-reported = reported
phase-accepted = accepted
phase-filed = filed
phase-declined = not filed
phase-dispatched = dispatched
phase-handled = handled
phase-checked = checked
phase-closed = closed
phase-withdrawn = withdrawn
handling-none = Not dispatched: no limit runs yet.
handling-dispatched = Dispatched { $at }
handling-limit = Limit { $limit }
handling-due = Due { $at }
handling-back = Handed back { $at }
handling-open = Not handed back yet
handling-provisional = Provisional: { $why }
handling-provisional-detail = Provisional: { $why } ({ $detail })
lamp-green = Green lamp: within 80 % of the limit
lamp-yellow = Yellow lamp: within the limit, above 80 %
lamp-red = Red lamp: beyond the limit
provisional-no-limit = the duty list has no limit for this class
provisional-limit-not-understood = the limit's wording is not understood
provisional-calendar-missing = no calendar of the year is in force
photos-none = No photo.
photo-alt = Photo: { $role }
photo-near = near
photo-far = far
photo-reference = reference
photo-before = before
photo-after = after
photo-is-heic = HEIC: kept as it is, not shown here
photo-is-unreadable = cannot be read as a photo
photo-is-not-here = not received yet

# The end of the page
footer-policy = Judged by policy { $version }. Packs in force:
footer-json = The JSON of this command has all of it:
footer-json-link = The same as JSON
footer-privacy = The page shows positions of people at work: it is for supervisors and for the person concerned.
pack-grids = Duty cells
pack-duties = Duty list
pack-routes = Routes
pack-roster = Roster
pack-calendar = Calendar
pack-policy = Policy

# Reasons and cards
why = Every reason, down to the operations
cards-heading = Scorecards ({ $count })

# What of a track is conspicuous
flags-heading = Conspicuous, for a person to judge; no score depends on it:
flag-mock = Marked as mock positions: { $count } fixes, { $share } % of all, from { $from } to { $to }. External receivers are announced so too.
flag-speed = Steps faster than { $cap } m/s and both accuracies: { $count }; the fastest { $moved } m in { $seconds } s at { $at }
flag-teleport = Leaps that no transport of this kind explains: { $count }; the first { $moved } m in { $seconds } s at { $at }
flag-teleports = Leaps that no transport of this kind explains: { $count }
flag-backwards = Times that run backwards: { $count }, by { $largest } s at most, from { $from } to { $to }
flag-straight-line = Straight without the scatter of a receiver: { $count } stretches, { $length } m together, at most { $rms } m off the line, from { $from } to { $to }
flag-equal-steps = Steps alike as no person’s are: { $count } of { $mean } m, varying by { $cv } %, from { $from } to { $to }
flag-constant-accuracy = The accuracy stays { $accuracy } m over { $count } fixes, from { $from } to { $to }. External receivers do that.
flag-clock = The phone’s clock is off the receiver’s time by { $offset } s, and jumped by { $jump } s at most, over { $count } fixes
flag-repeated-track = The track repeats that of { $person }, begun { $started }: { $similarity } % alike. Two honest walks of one route are not.
