//! What an update improves. Every policy-gradient loss reaches the network through three scalars a step: ∂L/∂log π(a), ∂L/∂entropy and ∂L/∂v.
//! [`loss`] is the page where they are written; [`advantage`] says what each step is judged by, [`terms`] what is reported.

mod advantage;
mod gae;
mod group;
mod loss;
mod terms;

pub use advantage::{Advantages, Baseline, Targets};
pub(crate) use advantage::{Judge, explained_variance};
pub use gae::{Gae, Returns};
pub use group::{GroupBaseline, GroupCounts, Groups};
pub(crate) use loss::Loss;
pub use loss::{Objective, Reduction, StepGrad, StepView, Totals};
pub use terms::Terms;
pub(crate) use terms::{Moments, Sums};
