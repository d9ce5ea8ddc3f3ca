# 得分的由来，中文。键的顺序与考核单一致。

# 定论
verdict = 定论 { $score } 分，{ $grade } 级
verdict-none = 不予评价：没有适用的项目
weighed = 加权平均：{ $part } ÷ { $whole } = { $mean }
rounded = 四舍五入一次：{ $score }；按取整后的得分定级
part = { $part }：{ $score }，权重 { $weight }/{ $whole } ‰
part-none = { $part }：不适用，其 { $weight } ‰ 分摊到其余项目
deduction = 扣 { $points } 分：{ $reason }（{ $what }）
cap = 最高 { $cap } 分：{ $reason }（{ $what }）
veto-without-cap = { $reason }（{ $what }）；现行政策对此不设上限
veto-without-effect = { $reason }（{ $what }）；得分本来不高于 { $cap }

# 定格、定人、定责
fix-grid = 定格：{ $count ->
    [one] { $count } 个责任网格
   *[other] { $count } 个责任网格
 }：{ $grids }
fix-grid-none = 定格：没有指定责任网格
fix-person = 定人：{ $person }，{ $slot }，{ $from } 至 { $to }
fix-person-qualified = 资质：{ $qualifications }
fix-person-part = 应承担全职的 { $part }
fix-person-device = 绑定设备 { $device }
fix-person-instead = 替 { $person } 上岗
fix-person-twice = 排班表上同时在两处
fix-duty = 定责：{ $count ->
    [one] 事项清单中 { $count } 项与本班有关
   *[other] 事项清单中 { $count } 项与本班有关
 }
fix-duty-none = 定责：没有生效的事项清单

# 定人
staffing = 定人 { $score }：{ $planned } 个网格班次中 { $staffed } 个有人
staffing-none = 定人：不适用，没有安排网格和班次
vacancy = 空岗：{ $grid }，{ $slot }

# 定线
coverage = 定线 { $score }：{ $planned } 米中覆盖 { $covered } 米
coverage-exempted = 定线 { $score }：{ $planned } − { $exempted } 米中覆盖 { $covered } 米
coverage-none = 定线：不适用，没有需要巡查的路段
covered = 已覆盖 { $from }–{ $to } 米，{ $enter } 至 { $leave }
missed = 漏巡 { $from }–{ $to } 米：{ $reason }
exempted = 免巡 { $from }–{ $to } 米：{ $reason }
checkpoints = 签到点 { $score }：{ $whole } 个中到 { $part } 个
loops = 圈数 { $score }：{ $whole } 圈中完成 { $part } 圈
checkpoints-none = 签到点：不适用
loops-none = 圈数：不适用

# 定时
attendance = 定时 { $score }：应到 { $scheduled } { $unit ->
    [min] 分钟
   *[s] 秒
 }，在岗 { $inside } + 免责 { $excused }
attendance-none = 定时：不适用，没有排班时间
attendance-kind = { $kind } { $time } { $unit ->
    [min] 分钟
   *[s] 秒
 }
attendance-excused = 免责 { $time } { $unit ->
    [min] 分钟
   *[s] 秒
 }：{ $reason }

# 定量
quantity = 定量 { $score }
quantity-prorated = 定量 { $score }；按应承担的 { $part }/{ $whole } 折算
quantity-none = 定量：不适用，没有任务量
quota = { $item }：完成 { $done }，任务量 { $quota }，占比 { $part }/{ $whole }，权重 { $weight }/{ $weights } ‰
quota-capped = { $item }：完成 { $done }，任务量 { $quota }，按任务量封顶，权重 { $weight }/{ $weights } ‰
quota-none = { $item }：不适用，其 { $weight } ‰ 分摊到其余项目
excluded = { $what } 不计：{ $reason }（{ $detail }）

# 定质
quality = { $card } { $score }
quality-none = { $card }：不予评价，没有适用的指标
rate = { $indicator }：{ $part }/{ $whole }，权重 { $weight }/{ $weights } ‰
rest = { $indicator }：1 − { $part }/{ $whole }，权重 { $weight }/{ $weights } ‰
volume = { $indicator }：{ $count } 件得 { $points } 分，权重 { $weight }/{ $weights } ‰
volume-off = { $indicator }：{ $count } 件；此处不考核数量
indicator-none = { $indicator }：不适用，其 { $weight } ‰ 分摊到其余指标

# 评价
evaluation = { $kind }{ $name }：{ $score } 分，{ $grade } 级
evaluation-none = { $kind }{ $name }：不予评价，没有适用的项目
source-part = { $source }“{ $key }”：{ $part }/{ $whole }，权重 { $weight }/{ $weights } ‰
source-part-none = { $source }“{ $key }”：不适用，其 { $weight } ‰ 分摊到其余项目

# 词语
part-coverage = 定线
part-time = 定时
part-quantity = 定量
part-quality = 定质
reason-forged-photo = 照片经确认系伪造
reason-appeal-upheld = 申诉成立
reason-closed-road = 道路封闭
reason-emergency-order = 应急指令
reason-missed-problem = 漏报
miss-not-visited = 未到达
miss-gap-in-fixes = 无法证明，定位中断
miss-fixes-rejected = 无法证明，定位被剔除
miss-outside-window = 不在规定时段内
miss-exempted = 免巡
kind-in-grid = 在网格内
kind-outside = 在网格外
kind-over-dwell = 停留超时
kind-no-fix = 无定位
excuse-task = 正在办理任务
excuse-case = 正在办理案件
excuse-leave = 请假
excuse-appeal = 申诉成立
excuse-appeal-upheld = 申诉成立
excuse-given = 按所给数据
item-reports = 有效上报
item-km = 巡查公里
item-loops = 圈数
item-tasks = 任务答复
exclusion-duplicate = 他人已先上报
exclusion-void = 已作废
exclusion-self-split = 同一问题拆分上报
exclusion-photo-seen = 照片此前用过
exclusion-not-valid-yet = 尚无结论
card-inspector = 定质
card-accepting-clerk = 受理员质量
card-shift-head = 值班长质量
card-dispatcher = 派遣员质量
card-department = 处置部门质量
card-grid = 网格质量
indicator-valid = 上报立案率
indicator-missed = 漏报率
indicator-verification = 按时核实率
indicator-check = 按时核查率
indicator-complaint = 公众有效投诉率
indicator-filed-volume = 立案数
indicator-closing = 结案率
indicator-on-time-handling = 按时处置率
indicator-on-time-closing = 按时结案率
indicator-rework = 返工率
indicator-accepted-volume = 受理数
indicator-verifications-sent = 按时发核实率
indicator-checks-sent = 按时发核查率
indicator-filed-on-time = 按时立案率
indicator-filed-correctly = 准确立案率
indicator-closed-on-time = 按时结案率
indicator-dispatched-volume = 派遣数
indicator-dispatched-on-time = 按时派遣率
indicator-dispatched-correctly = 准确派遣率
source-system = 考核表
source-on-site = 实地考察
source-questionnaire = 问卷调查
evaluation-composite = 综合评价
evaluation-special = 专项评价

# 考核单
sheet-head = 区域 { $zone }，{ $from } 至 { $to }，截至 { $at }，政策 { $policy }
sheet-shift = { $person }  { $slot }  { $from } 至 { $to }  路线 { $route }
sheet-person = { $person }，{ $count } 个班次合计
sheet-card = { $kind } { $id }
sheet-vacant = 空岗：{ $day } { $slot } { $grid }，未安排人员
sheet-vacant-leave = 空岗：{ $day } { $slot } { $grid }，{ $person } 请假（{ $leave }）
sheet-more = 另有 { $count } 处
sheet-never-planned = 另有 { $count } 个网格从未排班，自 { $grid } 起
sheet-cases = 案件 { $count }：立案 { $filed }，结案 { $closed }，超时 { $overdue }
sheet-case = { $name }  { $phase }  { $class }{ $due }
sheet-case-due = { $name }  { $phase }  { $class }  截止 { $due }
sheet-case-overdue = { $name }  { $phase }  { $class }  截止 { $due }  超时
sheet-case-undecided = { $name }  { $phase }  { $class }  截止 { $due }  待定
sheet-case-exempt = { $name }  { $phase }  { $class }  截止 { $due }  超时，已免责
sheet-case-provisional = { $name }  { $phase }  { $class }  尚无截止时间：{ $due }
sheet-undecided = 待定：{ $case }，{ $person }，在 { $earliest } 与 { $latest } 之间，截止 { $due }
inputs = 依据 { $hash }
subject-inspector = 网格员
subject-accepting-clerk = 受理员
subject-shift-head = 值班长
subject-dispatcher = 派遣员
subject-department = 处置部门
subject-grid = 网格
phase-reported = 信息收集
phase-accepted = 受理
phase-filed = 立案
phase-declined = 不予立案
phase-dispatched = 任务派遣
phase-handled = 处理反馈
phase-checked = 核查
phase-closed = 结案
phase-withdrawn = 撤回
