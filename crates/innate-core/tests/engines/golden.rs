//! Three consecutive updates of PyTorch, number by number.

use std::collections::BTreeMap;

use innate_core::data::{Prompts, RolloutSpec, Trajectories};
use innate_core::model::{ModelSpec, Pooling, params};
use innate_core::objective::Baseline;
use safetensors::{Dtype, SafeTensors};

use crate::{Aim, Judged, Learning, deviation, engines};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../__test__/golden");

/// A file of golden vectors.
pub(crate) struct Golden(Vec<u8>);

impl Golden {
    pub(crate) fn read(name: &str) -> Self {
        Self(std::fs::read(format!("{FOLDER}/{name}.safetensors")).unwrap())
    }

    fn words(&self, name: &str, dtype: Dtype) -> Vec<[u8; 4]> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).unwrap();
        assert_eq!(view.dtype(), dtype, "{name}");
        view.data().as_chunks::<4>().0.to_vec()
    }

    pub(crate) fn floats(&self, name: &str) -> Vec<f32> {
        self.words(name, Dtype::F32).into_iter().map(f32::from_le_bytes).collect()
    }

    pub(crate) fn ids(&self, name: &str) -> Vec<i32> {
        self.words(name, Dtype::I32).into_iter().map(i32::from_le_bytes).collect()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).unwrap();
        assert_eq!(view.dtype(), Dtype::U8, "{name}");
        view.data().to_vec()
    }

    pub(crate) fn flat(&self, prefix: &str, model: &ModelSpec) -> Vec<f32> {
        params(model).iter().flat_map(|spec| self.floats(&format!("{prefix}.{}", spec.name))).collect()
    }
}

/// The worst deviation seen of each quantity.
#[derive(Default)]
struct Worst(BTreeMap<&'static str, f64>);

impl Worst {
    fn note(&mut self, what: &'static str, got: &[f32], expected: &[f32]) {
        let expected: Vec<f64> = expected.iter().copied().map(f64::from).collect();
        self.distance(what, deviation(got, &expected));
    }

    /// Relative to the expected number where that exceeds 1.
    fn scalar(&mut self, what: &'static str, got: f64, expected: f32) {
        let expected = f64::from(expected);
        self.distance(what, (got - expected).abs() / expected.abs().max(1.0));
    }

    fn distance(&mut self, what: &'static str, distance: f64) {
        let entry = self.0.entry(what).or_default();
        *entry = if distance.is_nan() { f64::INFINITY } else { entry.max(distance) };
    }
}

fn replay(name: &str, pooling: Pooling, worst: &mut BTreeMap<String, Worst>) {
    let golden = Golden::read(&format!("tutorial/{name}"));
    let model = ModelSpec::open_loop(18, 3, 96, pooling);
    let rollout = RolloutSpec { horizon: 6, start_token: 10, action_mask: None };
    for (engine_name, mut engine) in engines(&model, &golden.flat("init", &model)).unwrap() {
        let worst = worst.entry(engine_name.clone()).or_default();
        for step in 0..3 {
            let at = |what: &str| format!("step{step}.{what}");
            let (contexts, stages) = (golden.ids(&at("context")), golden.ids(&at("stage")));
            let (actions, returns) = (golden.ids(&at("actions")), golden.floats(&at("reward")));
            let data = Trajectories::programs(&rollout, Prompts::new(&model, &contexts, &stages).unwrap(), &actions);
            data.check(&model).unwrap();
            assert_eq!(data.steps(), 6);

            let said = engine.evaluate(&data).unwrap();
            worst.note("logits", &said.logits, &golden.floats(&at("logits")));
            worst.note("log_probs", &said.log_probs, &golden.floats(&at("log_prob")));
            worst.note("entropies", &said.entropies, &golden.floats(&at("entropy")));
            worst.note("values", &said.values, &golden.floats(&at("value")));

            let aim = Aim::new(Judged::Returns(returns, Baseline::Program));
            let (stats, gradient) = engine.gradients(&data, &aim).unwrap();
            worst.note("clipped gradients", &gradient, &golden.flat(&at("clipped_grad"), &model));
            assert_eq!(engine.update(&data, &aim).unwrap(), stats, "{engine_name}");
            worst.scalar("loss", stats.terms.loss, golden.floats(&at("loss"))[0]);
            worst.scalar("grad_norm", stats.norm, golden.floats(&at("grad_norm"))[0]);
            if step != 1 {
                worst.note("weights", &engine.parameters().unwrap(), &golden.flat(&at("after"), &model));
            }
        }
        assert_eq!(engine.optimizer().unwrap().step, 3);
    }
}

#[test]
fn three_updates_match_pytorch() {
    let mut worst = BTreeMap::new();
    for stage in 0..3 {
        replay(&format!("own_context_stage{stage}"), Pooling::Own, &mut worst);
        replay(&format!("batch_context_stage{stage}"), Pooling::Batch, &mut worst);
    }
    for (engine, worst) in worst {
        for (what, distance) in &worst.0 {
            println!("{engine}: {what}: {distance:.1e}");
        }
        assert_eq!(worst.0.len(), 8);
        for (what, distance) in worst.0 {
            let tolerance = if what == "loss" || what == "grad_norm" { 5e-5 } else { 2e-5 };
            assert!(distance <= tolerance, "{engine}: {what} is off by {distance:.2e}, allowed {tolerance:.0e}");
        }
    }
}

/// The two poolings are different functions, so the golden files tell them apart.
#[test]
fn the_wrong_pooling_does_not_match() {
    let mut worst = BTreeMap::new();
    replay("own_context_stage2", Pooling::Batch, &mut worst);
    assert!(worst.values().all(|worst| worst.0["logits"] > 1e-2));
}
