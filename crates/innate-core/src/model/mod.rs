//! What a network is, apart from what it is used for: its description, its parameters and their first values.

mod clock;
mod init;
mod params;
mod spec;

pub use clock::PERIODS;
pub(crate) use clock::{CLOCK, next_age, write_clock};
pub(crate) use init::fill;
pub use init::init;
pub use params::{ParamKind, ParamSpec, count, params};
pub(crate) use params::{check, check_len};
pub use spec::{Action, Attention, Direction, Encoder, History, Input, ModelSpec, Pooling};
