//! Pages that move_pages(2) denies: hidden ones, as before Linux 6.5, and zero pages.

use super::fake::FOREVER;
use super::*;
use crate::migrate::find::walk::{Found, Walk};
use crate::migrate::kernel::Kernel;
use crate::migrate::locate::{hides_pages, note_hidden};
use crate::migrate::proc::maps::{Kind, Kinds};
use crate::sys::Errno;

/// Pages of all kinds on nodes 0 and 1, some of them hidden, a huge one too, and zero pages. Of node
/// 0 so many are there, and so many hidden.
const ON_NODE_0: u64 = 1000 + 2 * 512;
const HIDDEN: u64 = 100 + 512;

fn world() -> World {
    let world = World::new(false);
    world.pages(1000..2000, 0).pages(2000..2100, 1);
    world.huge(4096..5120, 0);
    world.one_mapping(1000..5120);
    world.zeros(2100..2600);
    world.change(1300..1400, |page| page.hidden = true);
    world.change(2050..2060, |page| page.hidden = true);
    world.change(4096..4608, |page| page.hidden = true);
    world
}

#[test]
fn hidden_pages_move_with_everything_else() {
    let world = world();
    let counts = world.run(plan(&[0], &[3]), &options());
    assert_eq!(told(&counts), [moved(ON_NODE_0)]);
    assert_eq!(world.fake.calls(Call::MoveAll), 1);
}

#[test]
fn each_layer_has_hidden_pages_of_its_own() {
    let world = world();
    let counts = world.run(plan(&[0, 1], &[1, 2]), &options());
    assert_eq!(told(&counts), [moved(ON_NODE_0), moved(100)]);
}

#[test]
fn what_moving_all_would_move_too_much_is_left() {
    let private = Options {
        share: Share::Private,
        ..options()
    };
    let anonymous = Options {
        kinds: Kinds::NONE.with(Kind::Anonymous),
        ..options()
    };
    let range = 0..usize::MAX;
    let ranges = Options {
        ranges: core::slice::from_ref(&range),
        ..options()
    };
    for options in [private, anonymous, ranges] {
        let world = world();
        let counts = world.run(plan(&[0], &[3]), &options);
        assert_eq!(
            told(&counts),
            [left(ON_NODE_0 - HIDDEN, Reason::Hidden, HIDDEN)]
        );
        assert_eq!(world.fake.calls(Call::MoveAll), 0);
    }
}

#[test]
fn no_more_is_hidden_than_a_range_has_room_for() {
    let world = world();
    let range = 1390 * PAGE..1410 * PAGE;
    let options = Options {
        ranges: core::slice::from_ref(&range),
        ..options()
    };
    let engine = world.engine(plan(&[0], &[3]), &options).unwrap();
    assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
    assert_eq!(
        told(&engine.counts().unwrap()),
        [left(10, Reason::Hidden, 10)]
    );
}

#[test]
fn a_look_counts_what_would_move() {
    for (share, wanted) in [
        (Share::All, moved(ON_NODE_0)),
        (
            Share::Private,
            left(ON_NODE_0 - HIDDEN, Reason::Hidden, HIDDEN),
        ),
    ] {
        let world = world();
        let options = Options {
            look_only: true,
            share,
            ..options()
        };
        let engine = world.engine(plan(&[0], &[3]), &options).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        assert_eq!(told(&engine.counts().unwrap()), [wanted]);
        assert_eq!(world.fake.calls(Call::MoveAll), 0);
    }
}

#[test]
fn what_stays_has_a_reason() {
    let busy = world();
    busy.change(1350..1353, |page| page.busy = FOREVER);
    busy.change(1500..1504, |page| page.busy = FOREVER);
    let counts = busy.run(plan(&[0], &[3]), &options());
    assert_eq!(told(&counts), [left(ON_NODE_0 - 7, Reason::Busy, 7)]);

    for (errno, reason) in [
        (Errno::ENOMEM, Reason::TargetFull),
        (Errno::EPERM, Reason::NotPermitted),
        (Errno::EINVAL, Reason::NotPermitted),
    ] {
        let world = world();
        world.fake.state().faults.insert((Call::MoveAll, 1), errno);
        let counts = world.run(plan(&[0], &[3]), &options());
        assert_eq!(told(&counts), [left(ON_NODE_0 - HIDDEN, reason, HIDDEN)]);
    }
}

#[test]
fn pages_that_stayed_before_may_move_in_the_end() {
    let world = world();
    // As often as the walk tries it.
    world.change(1500..1501, |page| page.busy = FOREVER);
    world.fake.before(Call::MoveAll, 1, |state| {
        state.pages.get_mut(&(1500 * PAGE)).unwrap().busy = 0;
    });
    let counts = world.run(plan(&[0], &[3]), &options());
    assert_eq!(told(&counts), [moved(ON_NODE_0)]);
}

#[test]
fn pages_that_hide_while_they_are_worked_on() {
    for world in worlds() {
        world.pages(1000..2000, 0).zeros(2000..2001);
        world.one_mapping(1000..2001);
        world.fake.before(Call::Move, 1, |state| {
            let some = state.pages.range_mut(1200 * PAGE..1500 * PAGE);
            some.for_each(|(_, page)| page.hidden = true);
        });
        let counts = world.run(plan(&[0], &[3]), &options());
        assert_eq!(told(&counts), [moved(1000)]);
    }
}

#[test]
fn looking_where_pages_are_tells_hidden_ones_from_absent_ones() {
    let absent = -Errno::ENOENT.0;
    let hidden = -Errno::ENODATA.0;
    for (can_scan, wanted) in [
        (false, [0, hidden, -Errno::EFAULT.0, absent]),
        // It hides none.
        (true, [0, absent, -Errno::EFAULT.0, absent]),
    ] {
        let world = World::new(can_scan);
        world.pages(1000..1002, 0).zeros(1002..1003);
        world.one_mapping(1000..1004);
        world.change(1001..1002, |page| page.hidden = true);
        let pages: Vec<usize> = (1000..1004).map(|number| number * PAGE).collect();
        let mut status = [9; 4];
        let kernel = &&world.fake;
        kernel.locate(&pages, &mut status).unwrap();
        if hides_pages(kernel) {
            note_hidden(kernel, &pages, &mut status).unwrap();
        }
        assert_eq!(status, wanted);
    }
}

#[test]
fn zero_pages_are_on_no_node() {
    let world = World::new(false);
    world.pages(1000..1100, 0).zeros(1100..9000);
    world.one_mapping(1000..9000);
    let counts = world.run(plan(&[0], &[3]), &options());
    assert_eq!(told(&counts), [moved(100)]);
    assert_eq!(world.fake.calls(Call::MoveAll), 0);
}

#[test]
fn zero_pages_do_not_use_up_what_numa_maps_counts() {
    // 4 GiB of address space: first pages that were only read, then those that were written.
    let world = World::new(false);
    world.zeros(256..20_000).pages(20_000..20_500, 0);
    world.one_mapping(256..room_for(1 << 20));
    world.engine(plan(&[0], &[3]), &options()).unwrap();
    let sizes = Sizes {
        mapped: 1 << 32,
        resident: 500 * PAGE as u64,
        huge: 0,
    };
    let root = world.root.root();
    let mut walk = Walk::new(root, 7, &&world.fake, sizes, Kinds::ALL, &[]).unwrap();
    let (mut pages, mut found) = (Vec::new(), 0);
    while let Found::Units(unit) = walk.fill(&&world.fake, &mut pages, 8192, 1 << 30).unwrap() {
        let inside = pages
            .iter()
            .flat_map(|&at| (at..at + unit.size(PAGE)).step_by(PAGE));
        found += inside.filter(|&page| page >= 20_000 * PAGE).count();
    }
    assert_eq!(found, 500);
    // And it ends behind the last one.
    let read = world.fake.state().calls[&Call::Read].1;
    assert!(read < 40_000, "{read}");
}

#[test]
fn a_pinned_huge_page_does_not_keep_others() {
    // Seen as pages of the base size, of which the second one ends a call.
    for world in worlds() {
        world.pages(1000..1024, 0).huge(1024..1536, 0);
        world.pages(1536..1900, 0);
        world.one_mapping(1000..1900);
        world.change(1024..1536, |page| page.busy = FOREVER);
        let counts = world.run(plan(&[0], &[3]), &options());
        assert_eq!(told(&counts), [left(24 + 364, Reason::Busy, 512)]);
    }
}
