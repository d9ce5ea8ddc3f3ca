# 中枢的网页，简体中文。条目按页面次序排列。

# 页框
page-title = { $hub } · { $day }
page-zone = 辖区 { $zone }
page-as-of = 截至 { $at }
page-person = 仅看 { $person }
skip = 跳到正文
nav-label = 日期与语言
nav-before = ← 前一天
nav-after = 后一天 →
nav-latest = 最近有巡查的一天
nav-everybody = 全部人员
day-field = 日期
day-show = 查看
language-chinese = 中文
language-english = English
and-more = 另有 { $count } 项未列出
not-applicable = 不适用
not-evaluated = 不予评价
unknown = 不详
percent = { $value }%
metres = { $value } 米
minutes = { $value } 分钟
seconds = { $count } 秒
from-to = { $from }–{ $to }
part-of = { $part } / { $whole }
part-of-against = { $part } / { $whole }（按其余部分计分）
part-score = 得分 { $score }

# 拒绝
refused = 本页显示人员的位置，只对中枢所在的这台机器开放：请在本机打开 http://127.0.0.1 或 http://localhost，不要经代理或其他域名访问。
malformed = 地址无法识别。日期写作 2026-01-31 的样子。

# 尚无排班
empty-heading = 这个中枢还没有排班
empty-why = 要作出定论，须先知道谁在何处当班。请依次导入本市的文件：
empty-grids = 责任网格（GeoJSON）
empty-duties = 事项清单（XLSX 或 CSV）
empty-routes = 计划路线（GeoJSON）
empty-roster = 排班表（CSV）
empty-people = 为每位网格员的手机生成注册码
empty-then = 手机上传巡查后，会连同所属班次显示在这里；案件一经上报即会出现。

# 列名
column-person = 人员
column-slot = 班次
column-time = 时间
column-from = 开始
column-leave = 原因
column-grade = 等级
column-score = 得分
column-coverage = 覆盖率
column-part = 分项
column-weight = 权重
column-spread = 分摊后权重
column-points = 计分
column-label = 标号
column-stretch = 路线里程
column-length = 长度
column-reason = 原因
column-checkpoint = 必到点
column-visited = 到达情况
column-stay = 最长停留
column-stay-asked = 要求停留
column-item = 项目
column-done = 完成
column-quota = 定额
column-case = 案件
column-detail = 依据
column-indicator = 指标
column-counted = 计数

# 班次
shifts-heading = 班次（{ $count }）
shifts-none = 当天没有班次。
shifts-caption = 当天班次一览
stands-in = 替班：原当班人 { $person }
route-named = 路线：{ $name }（{ $code }）
route-unknown = 路线 { $code }：现行路线中没有
route-none = 未安排路线
duty-cells = 责任网格 { $count } 个：{ $grids }
mode-walk = 步行
mode-bicycle = 骑行
mode-vehicle = 乘车
grade-label = 等级 { $grade }
verdict-caption = 得分的由来
part-coverage = 路线覆盖（定线）
part-time = 在岗（定时）
part-quantity = 数量（定量）
part-quality = 质量（定质）
weighed = 加权平均 { $mean }
deduction = 扣 { $points } 分：{ $reason }（{ $what }）
deduction-none = 无扣分
cap = 封顶 { $cap }：{ $reason }（{ $what }）
cap-none = 未触发封顶
veto-forged-photo = 照片经确认系伪造
inputs = 考核政策 { $version }；以上结论所依据的全部输入的哈希值为

# 覆盖
coverage-heading = 路线覆盖
coverage-none = 未安排路线，覆盖率不适用。
coverage-ratio = 覆盖率
coverage-planned = 计划
coverage-covered = 已覆盖
coverage-unproven = 未能证明
coverage-not-visited = 未到
coverage-walked = 实际行走
coverage-loops = 圈数
coverage-checkpoints = 必到点
missed-none = 路线没有缺漏。
missed-caption = 缺漏路段（标号与图中一致）
missed-label = 缺{ $number }
miss-not-visited = 未到
miss-gap-in-fixes = 未能证明：定位中断
miss-fixes-rejected = 未能证明：定位点被剔除
miss-outside-window = 未能证明：不在班次时间内
stretch = { $from }–{ $to } 米
checkpoints-caption = 必到点
visited = 已到
visited-not = 未到

# 地图
map-title = { $person } 的路线：计划、已覆盖、缺漏与实际行走
map-covered = 已覆盖 { $stretch }，{ $enter } 至 { $leave }
map-missed = 缺漏 { $stretch }：{ $reason }
map-checkpoint = 必到点 { $name }：{ $visited }
north = 北
legend-cell = 责任网格
legend-planned = 计划路线
legend-covered = 已覆盖
legend-missed = 缺漏，{ $reason }（{ $length } 米）
legend-walked = 实际行走（采信的定位点）
legend-checkpoint = 必到点，实心为已到
legend-case = 案件，编号见下

# 在岗
attendance-heading = 在岗时间
attendance-none = 责任网格不详，在岗率不适用。
attendance-share = 得分 { $share }，应在岗 { $scheduled } 分钟
attendance-bar = 班次从开始到结束
attendance-interval = { $from }–{ $to }：{ $what }
attendance-excused = 免责
attendance-excused-by = 免责 { $time }：{ $reason }
presence-in-grid = 在责任网格内
presence-outside = 在网格外
presence-over-dwell = 停留过久
presence-no-fix = 无定位
excuse-task = 正在执行任务
excuse-case = 正在处理案件
excuse-leave = 请假
excuse-appeal = 申诉成立

# 数量
quantity-heading = 数量
quantity-caption = 定额完成情况
quota-reports = 有效上报
quota-km = 巡查公里
quota-loops = 圈数
quota-tasks = 任务答复
excluded-caption = 不计入的上报
excluded-duplicate = 他人已先上报
excluded-void = 已作废
excluded-self-split = 一事多报
excluded-photo-seen = 照片曾经使用
excluded-not-valid-yet = 尚未认定

# 质量
quality-heading = 质量
quality-caption = 各项指标
indicator-valid = 上报立案
indicator-missed = 漏报
indicator-verification = 按时核实
indicator-check = 按时核查

# 巡查
patrols-heading = 巡查记录
patrols-none = 本班次没有巡查记录。
patrol-heading = 第 { $number } 次巡查
patrol-finished = { $from } 至 { $to }
patrol-under-way = { $from } 开始，尚未结束
patrol-walked = 行走 { $length }
patrol-fixes = 记录定位点 { $fixes } 个，采信 { $accepted } 个
patrol-rejected = 剔除 { $count } 个：{ $reason }
patrol-silence = { $from } 至 { $to } 无可采信的定位
patrol-interruption = { $at } 记录中断：{ $why }
patrol-whole = 轨迹完整，没有缺失
patrol-missing = 轨迹缺失 { $count } 段
rejected-mock = 标记为模拟位置
rejected-accuracy = 精度不足
rejected-speed = 超出该出行方式的速度
rejected-out-of-order = 次序错乱
rejected-duplicate = 与前一点相同
interruption-process-ended = 应用被关闭
interruption-permission-lost = 定位权限被收回
interruption-battery-saver = 被省电模式停止
interruption-paused = 手动暂停

# 空岗
vacancies-heading = 空岗（{ $count }）
vacancies-caption = 无人当班的班次

# 案件
cases-heading = { $overdue ->
    [0] 案件（{ $count }，无超时）
   *[other] 案件（{ $count }，超时 { $overdue }）
 }
cases-none = 当天没有案件。
case-title = { $number }：{ $class }（{ $name }）
case-class-none = 未定类别
case-overdue = 超时
case-number = 案卷号
case-id = 案件
case-opened = 上报
case-reporter = 上报人
case-source = 来源
case-cell = 网格
case-department = 处置部门
source-inspector = 网格员
source-citizen = 市民
phase-reported = 已上报
phase-accepted = 已受理
phase-filed = 已立案
phase-declined = 不予立案
phase-dispatched = 已派遣
phase-handled = 已处置
phase-checked = 已核查
phase-closed = 已结案
phase-withdrawn = 已撤回
handling-none = 尚未派遣，处置时限未开始。
handling-dispatched = 派遣 { $at }
handling-limit = 时限 { $limit }
handling-due = 应于 { $at } 前完成
handling-back = 反馈 { $at }
handling-open = 尚未反馈
handling-provisional = 暂定：{ $why }
handling-provisional-detail = 暂定：{ $why }（{ $detail }）
lamp-green = 绿灯：未过时限的 80%
lamp-yellow = 黄灯：已过 80%，未超时限
lamp-red = 红灯：已超时限
provisional-no-limit = 事项清单未规定该类别的时限
provisional-limit-not-understood = 时限的写法无法识别
provisional-calendar-missing = 当年的工作日历尚未导入
photos-none = 没有照片。
photo-alt = 照片：{ $role }
photo-near = 近景
photo-far = 远景
photo-reference = 参照物
photo-before = 处置前
photo-after = 处置后
photo-is-heic = HEIC 格式：原件已保存，此处不显示
photo-is-unreadable = 不是可读的照片
photo-is-not-here = 尚未收到

# 页尾
footer-policy = 依据考核政策 { $version } 作出。现行数据包：
footer-json = 以下命令的 JSON 含全部内容：
footer-json-link = 同样内容的 JSON
footer-privacy = 本页含当班人员的位置，仅供监督人员与本人查看。
pack-grids = 责任网格
pack-duties = 事项清单
pack-routes = 路线
pack-roster = 排班
pack-calendar = 日历
pack-policy = 考核政策

# 由来与考核表
why = 全部由来，直至操作记录
cards-heading = 考核表（{ $count }）

# 轨迹中的异常
flags-heading = 异常提示，供人工判断，不影响得分：
flag-mock = 标记为模拟位置的定位点 { $count } 个，占 { $share } %，{ $from } 至 { $to }。外接接收机也会这样标记。
flag-speed = 超过 { $cap } 米/秒并超出两点精度的移动 { $count } 次；最快一次 { $seconds } 秒移动 { $moved } 米，{ $at }
flag-teleport = 该出行方式无法解释的跳跃 { $count } 次；第一次 { $seconds } 秒移动 { $moved } 米，{ $at }
flag-teleports = 该出行方式无法解释的跳跃 { $count } 次
flag-backwards = 时间倒退 { $count } 次，最多 { $largest } 秒，{ $from } 至 { $to }
flag-straight-line = 没有接收机散布的直线 { $count } 段，共 { $length } 米，偏离直线至多 { $rms } 米，{ $from } 至 { $to }
flag-equal-steps = 步距过于均匀：{ $count } 步，每步约 { $mean } 米，变化 { $cv } %，{ $from } 至 { $to }
flag-constant-accuracy = 连续 { $count } 个定位点的精度一直是 { $accuracy } 米，{ $from } 至 { $to }。外接接收机也会这样。
flag-clock = 手机时钟与卫星时间相差 { $offset } 秒，跳变至多 { $jump } 秒，共 { $count } 个定位点
flag-repeated-track = 轨迹与 { $person } 于 { $started } 开始的巡查相同，相似度 { $similarity } %。两次真实行走不会如此。
