# Why a score is what it is, in English. Keys in the order of a sheet.

# The verdict
verdict = Verdict { $score }, grade { $grade }
verdict-none = Not evaluated: no part applies
weighed = Weighed mean: { $part } ÷ { $whole } = { $mean }
rounded = Rounded half up, once: { $score }; graded on the rounded score
part = { $part }: { $score } with { $weight } of { $whole } ‰
part-none = { $part }: not applicable; its { $weight } ‰ are spread over the rest
deduction = { $points } points off: { $reason } ({ $what })
cap = At most { $cap }, because { $reason } ({ $what })
veto-without-cap = { $reason } ({ $what }); the policy caps nothing for it
veto-without-effect = { $reason } ({ $what }); the score was not above { $cap } anyway

# Grid, person and duty
fix-grid = Grid: { $count ->
    [one] one duty cell
   *[other] { $count } duty cells
 }: { $grids }
fix-grid-none = Grid: no duty cell is named
fix-person = Person: { $person } in { $slot }, { $from } to { $to }
fix-person-qualified = Qualified for { $qualifications }
fix-person-part = Owes { $part } of full duty
fix-person-device = Bound to the device { $device }
fix-person-instead = Stands in for { $person }
fix-person-twice = In two places at once by the roster
fix-duty = Duty: { $count ->
    [one] one entry of the duty list concerns this shift
   *[other] { $count } entries of the duty list concern this shift
 }
fix-duty-none = Duty: no duty list is in force

# Person
staffing = Person { $score }: { $staffed } of { $planned } cells × slots are staffed
staffing-none = Person: not applicable, no cell and no slot is planned
vacancy = Vacant: { $grid }, { $slot }

# Route
coverage = Route { $score }: { $covered } m of { $planned } m were covered
coverage-exempted = Route { $score }: { $covered } m of { $planned } − { $exempted } m were covered
coverage-none = Route: not applicable, nothing of it is left to walk
covered = { $from }–{ $to } m covered, { $enter } to { $leave }
missed = { $from }–{ $to } m missed: { $reason }
exempted = { $from }–{ $to } m exempted: { $reason }
checkpoints = Checkpoints { $score }: { $part } of { $whole }
loops = Loops { $score }: { $part } of { $whole }
checkpoints-none = Checkpoints: not applicable
loops-none = Loops: not applicable

# Time
attendance = Time { $score }: ({ $inside } in the grid + { $excused } excused) of { $scheduled } { $unit ->
    [min] min
   *[s] s
 }
attendance-none = Time: not applicable, nothing was scheduled
attendance-kind = { $time } { $unit ->
    [min] min
   *[s] s
 } { $kind }
attendance-excused = { $time } { $unit ->
    [min] min
   *[s] s
 } excused: { $reason }

# Quantity
quantity = Quantity { $score }
quantity-prorated = Quantity { $score }; { $part }/{ $whole } of the period was owed
quantity-none = Quantity: not applicable, nothing was asked for
quota = { $item }: { $done } of { $quota }, share { $part }/{ $whole }, with { $weight } of { $weights } ‰
quota-capped = { $item }: { $done } of { $quota }, capped at the quota, with { $weight } of { $weights } ‰
quota-none = { $item }: not applicable; its { $weight } ‰ are spread over the rest
excluded = { $what } does not count: { $reason } ({ $detail })

# Quality
quality = { $card } { $score }
quality-none = { $card }: not evaluated, no indicator applies
rate = { $indicator }: { $part }/{ $whole }, with { $weight } of { $weights } ‰
rest = { $indicator }: 1 − { $part }/{ $whole }, with { $weight } of { $weights } ‰
volume = { $indicator }: { $count } make { $points } points, with { $weight } of { $weights } ‰
volume-off = { $indicator }: { $count }; volumes do not count here
indicator-none = { $indicator }: not applicable; its { $weight } ‰ are spread over the rest

# Evaluations
evaluation = { $kind } { $name }: { $score }, grade { $grade }
evaluation-none = { $kind } { $name }: not evaluated, no part applies
source-part = { $source } { $key }: { $part }/{ $whole }, with { $weight } of { $weights } ‰
source-part-none = { $source } { $key }: not applicable; its { $weight } ‰ are spread over the rest

# Words
part-coverage = Route
part-time = Time
part-quantity = Quantity
part-quality = Quality
reason-forged-photo = a forged photo was confirmed
reason-appeal-upheld = an appeal was upheld
reason-closed-road = the road was closed
reason-emergency-order = an emergency order
reason-missed-problem = a problem was missed
miss-not-visited = not visited
miss-gap-in-fixes = unproven, a gap between fixes
miss-fixes-rejected = unproven, the fixes were rejected
miss-outside-window = walked outside of the time
miss-exempted = exempted
kind-in-grid = in the grid
kind-outside = outside the grid
kind-over-dwell = too long in one place
kind-no-fix = without a fix
excuse-task = a task in hand
excuse-case = a case in hand
excuse-leave = leave
excuse-appeal = an appeal that was upheld
excuse-appeal-upheld = an appeal that was upheld
excuse-given = as given
item-reports = Valid reports
item-km = Kilometres
item-loops = Loops
item-tasks = Tasks answered
exclusion-duplicate = somebody reported it before
exclusion-void = it is void
exclusion-self-split = one problem split into several reports
exclusion-photo-seen = a photo of it was seen before
exclusion-not-valid-yet = nobody has decided yet
card-inspector = Quality
card-accepting-clerk = Quality of the accepting clerk
card-shift-head = Quality of the shift head
card-dispatcher = Quality of the dispatcher
card-department = Quality of the department
card-grid = Quality of the grid
indicator-valid = Reports that were filed
indicator-missed = Missed problems
indicator-verification = Verifications answered in time
indicator-check = Checks answered in time
indicator-complaint = Verified public complaints
indicator-filed-volume = Cases filed
indicator-closing = Closed of those due
indicator-on-time-handling = Handed back in time
indicator-on-time-closing = Closed in time
indicator-rework = Sent back
indicator-accepted-volume = Cases accepted
indicator-verifications-sent = Verifications sent in time
indicator-checks-sent = Checks sent in time
indicator-filed-on-time = Filed in time
indicator-filed-correctly = Filed correctly
indicator-closed-on-time = Closed in time
indicator-dispatched-volume = Cases dispatched
indicator-dispatched-on-time = Dispatched in time
indicator-dispatched-correctly = Dispatched to the right department
source-system = Card
source-on-site = On site
source-questionnaire = Questionnaire
evaluation-composite = Composite evaluation
evaluation-special = Special evaluation

# The sheet of a review
sheet-head = Zone { $zone }, { $from } to { $to }, as of { $at }, policy { $policy }
sheet-shift = { $person }  { $slot }  { $from } to { $to }  route { $route }
sheet-person = { $person }, { $count } shifts together
sheet-card = { $kind } { $id }
sheet-vacant = Vacant: { $day } { $slot } { $grid }, nobody assigned
sheet-vacant-leave = Vacant: { $day } { $slot } { $grid }, { $person } on leave ({ $leave })
sheet-more = and { $count } more
sheet-never-planned = { $count } cells that no shift names, from { $grid } on
sheet-cases = Cases { $count }: filed { $filed }, closed { $closed }, overdue { $overdue }
sheet-case = { $name }  { $phase }  { $class }{ $due }
sheet-case-due = { $name }  { $phase }  { $class }  due { $due }
sheet-case-overdue = { $name }  { $phase }  { $class }  due { $due }  OVERDUE
sheet-case-undecided = { $name }  { $phase }  { $class }  due { $due }  UNDECIDED
sheet-case-exempt = { $name }  { $phase }  { $class }  due { $due }  late, exempted
sheet-case-provisional = { $name }  { $phase }  { $class }  no deadline yet: { $due }
sheet-undecided = Undecided: { $case } by { $person }, between { $earliest } and { $latest }, due { $due }
inputs = Made from { $hash }
subject-inspector = Inspector
subject-accepting-clerk = Accepting clerk
subject-shift-head = Shift head
subject-dispatcher = Dispatcher
subject-department = Department
subject-grid = Grid
phase-reported = reported
phase-accepted = accepted
phase-filed = filed
phase-declined = not filed
phase-dispatched = dispatched
phase-handled = handled
phase-checked = checked
phase-closed = closed
phase-withdrawn = withdrawn
