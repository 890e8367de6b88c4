use proptest::prelude::*;

use super::{GroupBaseline, GroupCounts, Groups};
use crate::error::Error;

const RLOO: Groups = Groups { baseline: GroupBaseline::LeaveOneOut, scale: false };
const GRPO: Groups = Groups { baseline: GroupBaseline::Mean, scale: false };
const SCALED: Groups = Groups { scale: true, ..GRPO };

fn write(of: Groups, returns: &[f32], groups: &[u32]) -> (Vec<f32>, GroupCounts) {
    let mut advantages = vec![f32::NAN; returns.len()];
    let counts = of.write(returns, groups, &mut advantages).unwrap();
    (advantages, counts)
}

/// Of one group.
fn alone(of: Groups, returns: &[f32]) -> Vec<f32> {
    write(of, returns, &vec![0; returns.len()]).0
}

/// From differences of pairs, in f64.
fn twin(of: Groups, returns: &[f32], groups: &[u32]) -> Vec<f64> {
    let judge = |row: usize| {
        let own = f64::from(returns[row]);
        let gaps: Vec<f64> =
            (0..returns.len()).filter(|&j| groups[j] == groups[row]).map(|j| own - f64::from(returns[j])).collect();
        let size = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / size;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / size).sqrt();
        let advantage = match of.baseline {
            GroupBaseline::LeaveOneOut => mean * size / (size - 1.0).max(1.0),
            GroupBaseline::Mean => mean,
        };
        if of.scale && deviation > 0.0 { advantage / deviation } else { advantage }
    };
    (0..returns.len()).map(judge).collect()
}

fn close(got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (&got, expected) in got.iter().zip(expected) {
        assert!((f64::from(got) - expected).abs() <= tolerance * expected.abs().max(1.0), "{got} {expected}");
    }
}

#[test]
fn closed_forms() {
    close(&alone(RLOO, &[1.0, 0.0, 0.0, 0.0]), &[1.0, -1.0 / 3.0, -1.0 / 3.0, -1.0 / 3.0], 1e-7);
    close(&alone(GRPO, &[1.0, 0.0, 0.0, 0.0]), &[0.75, -0.25, -0.25, -0.25], 1e-7);
    close(
        &alone(SCALED, &[1.0, 0.0, 0.0, 0.0]),
        &[3_f64.sqrt(), -(1.0 / 3_f64).sqrt(), -(1.0 / 3_f64).sqrt(), -(1.0 / 3_f64).sqrt()],
        1e-6,
    );
    close(&alone(RLOO, &[2.0, -1.0]), &[3.0, -3.0], 1e-7);
}

/// Seven alike and one that is not: with a deviation of the others alone, which is 0 but for rounding, the eighth would be learned from a
/// thousandfold.
#[test]
fn seven_and_one() {
    let mut returns = [0.3_f32; 8];
    returns[7] = 1.0;
    let gap = f64::from(1.0 - 0.3_f32);
    close(&alone(RLOO, &returns), &[[-gap / 7.0; 7].as_slice(), &[gap]].concat(), 1e-7);
    close(&alone(GRPO, &returns), &[[-gap / 8.0; 7].as_slice(), &[gap * 7.0 / 8.0]].concat(), 1e-7);
    close(&alone(SCALED, &returns), &[[-(1.0 / 7_f64).sqrt(); 7].as_slice(), &[7_f64.sqrt()]].concat(), 1e-6);
}

#[test]
fn nothing_is_learned_from_equals_and_from_one() {
    for of in [RLOO, GRPO, SCALED, Groups { scale: true, ..RLOO }] {
        for value in [0.0, 0.3, -0.1, 1e30, 3e-39, f32::MAX] {
            for size in [1, 2, 3, 8, 7 * 13] {
                let (advantages, counts) = write(of, &vec![value; size], &vec![0; size]);
                assert!(advantages.iter().all(|&x| x == 0.0), "{of:?} {value} {size}: {advantages:?}");
                assert_eq!(counts, GroupCounts { groups: 1, flat: 1 });
            }
        }
        // What differs by rounding is equal; what is small is not.
        assert!(alone(of, &[0.3, 0.3_f32.next_up(), 0.3]).iter().all(|&x| x == 0.0), "{of:?}");
        assert!(alone(of, &[1e-6, -1e-6]).iter().all(|&x| x != 0.0), "{of:?}");
        assert_eq!(alone(of, &[0.0, -0.0]), [0.0, 0.0]);
    }
    let (advantages, counts) = write(RLOO, &[5.0, 1.0, 0.0], &[2, 1, 1]);
    assert_eq!((advantages, counts), (vec![0.0, 1.0, -1.0], GroupCounts { groups: 2, flat: 1 }));
}

#[test]
fn what_is_no_group_is_refused() {
    let path = |returns: &[f32], groups: &[u32], size: usize| match RLOO.write(returns, groups, &mut vec![0.0; size]) {
        Err(Error::Invalid { path, .. }) => path,
        other => panic!("{other:?}"),
    };
    assert_eq!(path(&[0.0; 2], &[0], 2), "groups");
    assert_eq!(path(&[0.0; 2], &[0, 0], 3), "advantages");
    assert_eq!(path(&[0.0; 2], &[0, 2], 2), "groups[1]");
}

fn kinds() -> impl Strategy<Value = Groups> {
    (any::<bool>(), any::<bool>())
        .prop_map(|(mean, scale)| Groups { baseline: if mean { GroupBaseline::Mean } else { GroupBaseline::LeaveOneOut }, scale })
}

/// Few values, so that some groups are flat, and groups of all sizes.
fn programs() -> impl Strategy<Value = Vec<(f32, u32)>> {
    prop::collection::vec((prop::sample::select(vec![0.0_f32, 0.1, 0.3, 1.0, -0.75, 12.5]), 0..4_u32), 4..40)
}

proptest! {
    #[test]
    fn each_is_the_twins(of in kinds(), programs in programs()) {
        let (returns, groups): (Vec<f32>, Vec<u32>) = programs.into_iter().unzip();
        close(&write(of, &returns, &groups).0, &twin(of, &returns, &groups), 1e-5);
    }

    /// A group sums to 0, so that no problem is learned from as a whole.
    #[test]
    fn groups_are_centred(of in kinds(), programs in programs()) {
        let (returns, groups): (Vec<f32>, Vec<u32>) = programs.into_iter().unzip();
        let (advantages, _) = write(of, &returns, &groups);
        for group in 0..4 {
            let own = || advantages.iter().zip(&groups).filter(|(_, own)| **own == group).map(|(&x, _)| f64::from(x));
            let scale = own().map(f64::abs).fold(1.0, f64::max);
            prop_assert!(own().sum::<f64>().abs() < 1e-5 * scale);
        }
    }

    /// However the rows are mixed, a program is judged by its own group alone.
    #[test]
    fn permuted_rows_are_judged_alike(of in kinds(), programs in programs(), turn in 0..40_usize) {
        let (returns, groups): (Vec<f32>, Vec<u32>) = programs.iter().copied().unzip();
        let (advantages, counts) = write(of, &returns, &groups);
        let order: Vec<usize> = {
            let mut order: Vec<usize> = (0..programs.len()).collect();
            order.rotate_left(turn % programs.len());
            order.sort_by_key(|&row| (row * 7 + turn) % 11);
            order
        };
        let mixed: Vec<f32> = order.iter().map(|&row| returns[row]).collect();
        let mixed_groups: Vec<u32> = order.iter().map(|&row| groups[row]).collect();
        let (permuted, same) = write(of, &mixed, &mixed_groups);
        prop_assert_eq!(counts, same);
        let expected: Vec<f64> = order.iter().map(|&row| f64::from(advantages[row])).collect();
        close(&permuted, &expected, 1e-6);
    }
}
