# 证据包核验的发现，中文。每条消息占一行。

# 文件
bundle-changed = 文件制作之后被改动过：内容与文件末尾的校验值不一致。
tally-differs = 文件里各部分的数量与它自己写的不符：有东西被拿走或塞进来。
cut-off = 文件不完整：后面缺了一段，像是复制中断。
bytes-behind-the-end = 文件末尾之后被添加了内容。
unreadable = 文件已损坏，读不下去（{ $why }）。
out-of-order = 文件各部分的顺序不对：被挪动或重复了。

# 中心
other-hub = 文件写的中心（{ $hub }）不是预期的中心（{ $expected }）。
receipt-without-hub = 记录 { $commit } 有回执，但文件没有写明由哪个中心签名。
receipt-unsound = 记录 { $commit } 的回执不是本中心签的，或签名之后被改过（{ $why }）。
receipt-of-another = 分区 { $zone } 第 { $position } 号回执不属于记录 { $commit }：回执被调换了。
receipts-reordered = 记录 { $commit } 的几份回执，顺序与中心给出的不一致。
receipt-before-seen = 记录 { $commit } 已知的中心时间（{ $seen }）竟晚于它自己的回执（{ $stamped }）。
position-twice = 中心把分区 { $zone }（第 { $epoch } 期）的第 { $position } 号给了两样不同的东西。
hub-time-back = 分区 { $zone } 第 { $position } 号处，中心时钟为 { $time }，早于前面的 { $before }。
grant-without-hub = 文件里有证书，但没有写明由哪个中心签名。
grant-unsound = 有一份证书不是本中心签的，或签名之后被改过（{ $why }）。
grant-of-another = 设备 { $device } 的授权条目对应的是另一份证书。
pack-of-another = 参考数据 { $pack } 的条目对应的是另一份数据。
verdict-disagrees = 中心对记录 { $commit }（第 { $position } 号：{ $verdict }）的裁定与签名人的权限不符（{ $reason }）。

# 记录与提交链
commit-unsound = 第 { $number } 条记录签名之后被改过，或不完整（{ $why }）。
commit-twice = 记录 { $commit } 在文件里出现了两次。
commit-missing = 缺少记录 { $commit }，而记录 { $by } 提到过它：它被拿掉了。
link-unsound = 第 { $number } 个不在本文件内的记录的签名头被改过（{ $why }）。
chain-gap = 设备 { $device } 在分区“{ $zone }”的链中缺少第 { $from } 至 { $to } 条记录。
chain-broken = 设备 { $device } 在分区“{ $zone }”的第 { $seq } 条记录（{ $commit }）接不上前一条：有记录被拿掉或替换。
chain-forked = 设备 { $device } 在分区“{ $zone }”有两条不同的第 { $seq } 条记录：可能有人用一条顶替另一条。
head-differs = 记录 { $commit } 提到的分区“{ $zone }”第 { $seq } 条记录，与文件里的不是同一条。
stamped-out-of-order = 记录 { $before } 与记录 { $commit } 的中心序号前后颠倒。
clock-back = 记录 { $commit } 的时间是 { $time }，早于它前面的记录（{ $before }，{ $time-before }）：时间被倒签。
seen-time-back = 记录 { $commit } 所知的中心时间早于它前面的记录（{ $before }）。

# 照片与参考数据
photo-changed = 案件 { $case } 的照片 { $photo } 不是当时封存的那一张：被改过或调换了。
photo-size-differs = 案件 { $case } 的照片 { $photo } 的大小与封存时不同。
photo-unnamed = 照片 { $photo } 不属于本文件的任何记录（案件 { $case }）：是后来塞进来的。
photo-missing = 案件 { $case } 的照片 { $photo }（见记录 { $commit }）被拿掉了。
pack-changed = 参考数据 { $pack } 不是当时生效的那一份。
pack-unnamed = 参考数据 { $pack } 与本文件无关。

# 不在文件里、但不算毛病的
not-stamped = 设备 { $device } 的记录 { $commit } 还没有得到中心确认：它的最晚时间无从证明。
value-erased = 记录 { $commit } 的一段文字或位置已依规删除；记录本身仍然有效。
unread = 记录 { $commit } 由更新的版本写成：签名有效，内容未读。
not-judged = 制作者当时还没有读到第 { $position } 号：中心对记录 { $commit } 的裁定未重新判断。
photo-not-here = 案件 { $case } 的照片 { $photo }（见记录 { $commit }）不在文件制作者手里。
photo-was-damaged = 案件 { $case } 的照片 { $photo }（见记录 { $commit }）在制作处已损坏，未收入。
photos-left-out = 有意未收入 { $count } 张照片。
commit-not-here = 记录 { $by } 提到的记录 { $commit } 不在文件制作者手里。
chain-not-here = 设备 { $device } 在分区“{ $zone }”的第 { $from } 至 { $to } 条记录不在文件制作者手里。
fork-quarantined = 设备 { $device } 在分区“{ $zone }”有两条第 { $seq } 条记录；中心已扣下其中一条。
wall-clock-back = 设备时钟曾被往回拨：记录 { $commit } 显示 { $time }，它前面的记录 { $before } 显示 { $time-before }。能证明的时间另行标出。

# 结论
sound = 核验通过：没有被改动、删减、调换或倒签。
not-sound = 核验未通过
counts = { $commits } 条记录，{ $links } 个其他记录的签名头，{ $receipts } 份回执，{ $photos } 张照片，{ $cases } 个案件，重新判断裁定 { $judged } 次
hash-line = 文件校验值：{ $hash }
no-hash = 文件没有读完，校验值不明。
pinned = 中心签名已用您给出的公钥核对：{ $key }
not-pinned = 由中心公钥 { $key } 签名，该公钥是文件自己写的。请与城市公布的公钥核对，或用 --hub-key 给出。
no-hub = 文件中没有任何内容得到中心确认。
made-line = 由 { $by } { $key } 的 { $writer } 制作，{ $at }
maker-device = 设备
maker-hub = 中心
case-line = 案件 { $case }：{ $phase }
chain-line = 设备 { $device }，分区“{ $zone }”：第 { $first } 至 { $last } 条，其中 { $whole } 条完整收入
more = ……另有 { $count } 项
