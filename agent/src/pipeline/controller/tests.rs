use proptest::prelude::*;

use super::*;

const KB: usize = 1 << 10;
const BOUNDS: Bounds = Bounds { bytes: 800 * KB, requests: 8, request: 100 * KB };
const ROUND_TRIP: Duration = Duration::from_millis(200);

/// Sends requests of `size` as one window after the other; what is above `capacity` is refused. Gives taken and refused.
fn rounds(
    controller: &mut Controller,
    now: &mut Instant,
    count: usize,
    (size, capacity): (usize, usize),
) -> (usize, usize) {
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..count {
        let mut flights = Vec::new();
        while controller.admits(size, *now) {
            controller.enter(size);
            flights.push(controller.sent(size, *now));
        }
        *now += ROUND_TRIP;
        let sent = flights.len();
        let fit = flights.iter().filter(|flight| flight.level <= capacity).count();
        for flight in flights {
            let heard = if flight.level <= capacity { Heard::Taken } else { Heard::Busy };
            controller.heard(flight, heard, None, *now);
            controller.leave(size);
        }
        (taken, refused) = (taken + fit, refused + sent - fit);
    }
    (taken, refused)
}

#[test]
fn the_window_doubles_until_it_is_as_large_as_allowed() {
    let (mut controller, mut now) = (Controller::new(BOUNDS), Instant::now());

    let taken: Vec<usize> = (0..5).map(|_| rounds(&mut controller, &mut now, 1, (100 * KB, usize::MAX)).0).collect();

    assert_eq!(taken, [1, 2, 4, 8, 8]);
    assert_eq!((controller.window(), controller.phase()), (800 * KB, Phase::Starting));
}

#[test]
fn a_refused_level_is_tried_again_rarely_and_the_one_below_it_is_used() {
    let (mut controller, mut now) = (Controller::new(BOUNDS), Instant::now());
    rounds(&mut controller, &mut now, 20, (100 * KB, 350 * KB));

    let (taken, refused) = rounds(&mut controller, &mut now, 1000, (100 * KB, 350 * KB));

    assert!(taken >= 2850, "three of the capacity's three and a half: {taken}");
    assert!(refused * 50 <= taken, "at most two in a hundred: {refused} of {taken}");
}

#[test]
fn it_recovers_when_the_other_side_does() {
    let (mut controller, mut now) = (Controller::new(BOUNDS), Instant::now());
    rounds(&mut controller, &mut now, 50, (100 * KB, 120 * KB));
    assert!(controller.window() < 200 * KB);

    rounds(&mut controller, &mut now, 100, (100 * KB, usize::MAX));

    assert_eq!(controller.window(), 800 * KB);
}

#[test]
fn one_window_of_refusals_decreases_once() {
    let (mut controller, now) = (Controller::new(BOUNDS), Instant::now());
    controller.window = 800 * KB;
    let flights: Vec<Flight> = (0..8)
        .map(|_| {
            controller.enter(100 * KB);
            controller.sent(100 * KB, now)
        })
        .collect();

    for flight in flights.into_iter().rev() {
        controller.heard(flight, Heard::Partly(50, 100), None, now + ROUND_TRIP);
    }

    assert_eq!(controller.window(), 800 * KB / 10 * 7);
    assert_eq!(controller.phase(), Phase::Holding);
}

#[test]
fn nothing_leaves_while_the_other_side_asked_to_wait() {
    let (mut controller, now) = (Controller::new(BOUNDS), Instant::now());
    controller.enter(KB);
    controller.heard(controller.sent(KB, now), Heard::Busy, Some(Duration::from_secs(7)), now);
    controller.leave(KB);

    assert!(!controller.admits(KB, now + Duration::from_secs(6)));
    assert_eq!(controller.hold(now + Duration::from_secs(6)), Some(Duration::from_secs(1)));
    assert!(controller.admits(KB, now + Duration::from_secs(7)));
}

#[test]
fn a_server_that_became_slow_gets_less_and_one_that_only_queues_does_not() {
    let (mut controller, mut now) = (Controller::new(BOUNDS), Instant::now());
    rounds(&mut controller, &mut now, 10, (100 * KB, usize::MAX));
    let mut send = |controller: &mut Controller, takes: Duration| {
        for _ in 0..10 {
            controller.enter(100 * KB);
            let flight = controller.sent(100 * KB, now);
            controller.admits(800 * KB, now);
            now += takes;
            controller.heard(flight, Heard::Taken, None, now);
            controller.leave(100 * KB);
        }
        controller.window()
    };

    assert_eq!(send(&mut controller, ROUND_TRIP * 3), 800 * KB);
    assert!(send(&mut controller, ROUND_TRIP * 20) < 400 * KB);
}

#[derive(Clone, Debug)]
enum Event {
    Send(usize),
    Hear(prop::sample::Index, u8, u16),
    Pass(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (1..200 * KB).prop_map(Event::Send),
        3 => (any::<prop::sample::Index>(), 0..7_u8, 0..300_u16).prop_map(|(which, heard, ms)| Event::Hear(which, heard, ms)),
        1 => (0..3000_u64).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 0..400)
}

proptest! {
    #[test]
    fn whatever_is_heard_the_window_stays_within_its_bounds_decreases_once_per_round_trip_and_recovers(events in events()) {
        let (mut controller, mut now) = (Controller::new(BOUNDS), Instant::now());
        let mut flights: Vec<Flight> = Vec::new();
        let mut decreased: Option<Instant> = None;
        for event in events {
            match event {
                Event::Send(bytes) if controller.admits(bytes, now) => {
                    controller.enter(bytes);
                    flights.push(controller.sent(bytes, now));
                    prop_assert!(flights.len() == 1 || controller.in_flight() <= controller.window());
                }
                Event::Send(_) => prop_assert!(!flights.is_empty() || controller.hold(now).is_some()),
                Event::Hear(which, heard, wait) if !flights.is_empty() => {
                    let flight = flights.swap_remove(which.index(flights.len()));
                    let heard = [Heard::Taken, Heard::Taken, Heard::Partly(1, 1000), Heard::Partly(1, 2), Heard::Busy, Heard::Nothing, Heard::Other][usize::from(heard)];
                    let before = controller.window();
                    let wait = (wait < 20).then(|| Duration::from_millis(wait.into()));
                    controller.heard(flight, heard, wait, now);
                    controller.leave(flight.bytes);
                    if controller.window() < before {
                        prop_assert!(decreased.is_none_or(|at| flight.sent >= at), "once per round trip");
                        decreased = Some(now);
                    }
                }
                Event::Hear(..) => {}
                Event::Pass(millis) => now += Duration::from_millis(millis),
            }
            prop_assert!(controller.window() <= BOUNDS.bytes);
            prop_assert!(controller.window() >= controller.request.min(BOUNDS.bytes));
            prop_assert_eq!(controller.requests(), flights.len());
        }
        for flight in flights {
            controller.leave(flight.bytes);
        }
        prop_assert_eq!(controller.in_flight(), 0);
        now += Duration::from_secs(300);
        rounds(&mut controller, &mut now, 200, (100 * KB, usize::MAX));
        prop_assert_eq!(controller.window(), BOUNDS.bytes);
    }
}
