use super::*;

/// Minutes after the beginning of the tests' time, as an instant.
fn at(minute: u64) -> UtcMs {
    UtcMs(1_700_000_000_000 + minute * 60_000)
}

/// One device: at which minute the boot began, and how wrong its wall clock is.
struct Phone {
    boot: u8,
    booted: u64,
    wall_off_min: i64,
    seen: Option<u64>,
    seq: u64,
    acts: Vec<Act>,
}

impl Phone {
    /// It booted at minute 0 and met the hub at minute 5.
    fn new() -> Self {
        Self {
            boot: 1,
            booted: 0,
            wall_off_min: 0,
            seen: Some(5),
            seq: 0,
            acts: Vec::new(),
        }
    }

    /// Acts at a minute; the hub has it at another.
    fn act(&mut self, minute: u64, stamped: u64) -> Hash {
        let truth = at(minute);
        let wall = truth.0.checked_add_signed(self.wall_off_min * 60_000);
        let wall = UtcMs(wall.expect("a wall clock after 1970"));
        let commit = Hash([u8::try_from(self.seq).expect("few acts") + 1; 32]);
        let last = self.acts.last().map_or(at(0), |act| act.signing.claimed);
        let claimed = wall.max(last).max(self.seen.map_or(at(0), at));
        self.acts.push(Act {
            commit,
            device: DeviceKey::ed25519([7; 32]),
            signing: Signing {
                zone: Zone::parse("z1").expect("a zone"),
                seq: self.seq,
                clock: ClockReading {
                    wall,
                    mono_ms: (minute - self.booted) * 60_000,
                    boot: [self.boot; 16],
                },
                claimed,
            },
            last_hub_time: self.seen.map(at),
            stamped: Some(at(stamped)),
            witness: Witness::default(),
        });
        self.seq += 1;
        commit
    }

    fn reboot(&mut self, minute: u64) {
        self.boot += 1;
        self.booted = minute;
    }

    /// The span of an act in minutes.
    fn span(&self, commit: Hash) -> (u64, u64) {
        let span = TrustedTimes::of(self.acts.iter().cloned()).span(&commit);
        let span = span.expect("one of the acts");
        let minute = |at: UtcMs| (at.0.saturating_sub(1_700_000_000_000)) / 60_000;
        (minute(span.earliest()), minute(span.latest()))
    }
}

#[test]
fn act_done_in_time_and_synced_late_keeps_its_time() {
    let mut phone = Phone::new();
    let done = phone.act(60, 600);
    assert_eq!(phone.span(done), (60, 60));
}

#[test]
fn clock_set_to_2099_or_rolled_back_before_the_hub_time_is_not_believed() {
    for off in [60 * 24 * 365 * 70, -40] {
        let mut phone = Phone::new();
        phone.seen = Some(50);
        phone.wall_off_min = off;
        let done = phone.act(60, 100);
        assert_eq!(phone.span(done), (50, 100), "{off}");
    }
}

#[test]
fn clock_set_between_two_acts_is_not_believed_and_the_boot_bounds_them() {
    let mut phone = Phone::new();
    let honest = phone.act(60, 300);
    phone.wall_off_min = -30;
    let late = phone.act(130, 301);
    phone.wall_off_min = 0;
    let last = phone.act(280, 302);
    // The hub had the last one at 302, 150 minutes after the second by the boot's clock.
    assert_eq!(phone.span(late), (75, 152));
    assert_eq!(phone.span(honest), (5, 82));
    assert_eq!(phone.span(last), (225, 302));
}

#[test]
fn two_syncs_around_an_act_expose_a_clock_that_was_rolled_back_for_it() {
    let mut phone = Phone::new();
    phone.act(10, 11);
    phone.seen = Some(11);
    phone.wall_off_min = -60;
    let late = phone.act(180, 240);
    // By the first act, the boot began between the minutes -5 and 1.
    assert_eq!(
        phone.span(late),
        (175, 181),
        "bounded by what was known at 5, 10 and 11"
    );
}

#[test]
fn act_after_a_reboot_is_an_interval_from_what_came_before_to_its_stamp() {
    let mut phone = Phone::new();
    phone.act(6, 599);
    let before = phone.act(60, 600);
    phone.reboot(90);
    let after = phone.act(120, 601);
    // The one before was 54 minutes after the first, which was not before minute 5.
    assert_eq!(phone.span(after), (59, 601), "not before the act before");
    assert_eq!(phone.span(before), (60, 60));
    // The clocks of the second boot say by themselves that the hub was seen before it.
    let mut alone = Phone::new();
    alone.reboot(90);
    let after = alone.act(120, 601);
    assert_eq!(alone.span(after), (5, 601));
}

#[test]
fn hub_contact_after_the_reboot_anchors_again() {
    let mut phone = Phone::new();
    phone.act(60, 91);
    phone.reboot(70);
    phone.seen = Some(91);
    let done = phone.act(100, 600);
    assert_eq!(phone.span(done), (100, 100));
}

#[test]
fn phone_that_never_met_a_hub_is_known_only_by_the_stamp() {
    let mut phone = Phone::new();
    phone.seen = None;
    let first = phone.act(10, 100);
    let second = phone.act(30, 101);
    let (earliest, latest) = phone.span(first);
    assert_eq!((earliest, latest), (0, 81));
    assert_eq!(phone.span(second).1, 101);
}

#[test]
fn clock_wrong_by_less_than_five_minutes_is_believed_and_kept_within_the_bounds() {
    let mut phone = Phone::new();
    phone.wall_off_min = 4;
    let online = phone.act(60, 60);
    assert_eq!(
        phone.span(online),
        (60, 60),
        "nothing is done after its stamp"
    );
    let mut phone = Phone::new();
    phone.wall_off_min = 6;
    let online = phone.act(60, 60);
    assert_eq!(phone.span(online), (5, 60));
}

#[test]
fn readings_that_contradict_each_other_leave_the_hubs_own_times() {
    let mut phone = Phone::new();
    let first = phone.act(60, 70);
    phone.seen = Some(71);
    let second = phone.act(80, 90);
    // A second reading of ten hours later cannot be of the boot that the stamps allow.
    phone.acts[1].signing.clock.mono_ms = 600 * 60_000;
    assert_eq!(phone.span(second), (71, 90));
    assert_eq!(phone.span(first), (5, 70));
}

#[test]
fn unstamped_act_has_its_phones_own_time() {
    let mut phone = Phone::new();
    let done = phone.act(60, 70);
    phone.acts[0].stamped = None;
    assert_eq!(phone.span(done), (60, 60));
}

#[test]
fn witness_raises_the_lower_bound_and_one_after_the_stamp_does_not() {
    let span = |challenge: Option<u64>, gnss: Option<u64>| {
        let mut device = Phone::new();
        device.wall_off_min = -600;
        let commit = device.act(60, 90);
        device.acts[0].witness = Witness {
            challenge: challenge.map(at),
            gnss_time: gnss.map(at),
        };
        let span = TrustedTimes::of(device.acts).span(&commit).expect("judged");
        (span.earliest(), span.latest())
    };
    assert_eq!(span(None, None), (at(5), at(90)));
    assert_eq!(span(Some(30), None), (at(30), at(90)));
    assert_eq!(span(Some(30), Some(58)), (at(58), at(90)));
    assert_eq!(span(Some(91), Some(120)), (at(5), at(90)));
}
