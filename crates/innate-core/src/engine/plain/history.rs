//! Attention of states over those before them.

use candle_core::{D, Tensor};

use super::Candle;
use super::inputs::clock;
use super::network::Network;
use crate::data::Trajectories;
use crate::model::{History, ModelSpec, ParamKind};

/// Rows of states, the first ones of which are past: `S` in all, the last `T` of which are the present ones.
pub(super) struct Past {
    /// The past ones, `[n, S − T, H]`; `None` where there is none.
    states: Option<Tensor>,
    /// Step within the episode, `[n, S]`; anything where nobody attends to it.
    ages: Vec<u32>,
    /// Whether a present state attends to a state, `[n, T, S]`.
    seen: Vec<u8>,
}

impl Past {
    /// Of given trajectories, whose steps within their episodes are `ages`, `[T, n]`.
    pub(super) fn along(network: &Network<'_>, data: &Trajectories<'_>, ages: &[u32]) -> Candle<Option<Self>> {
        let Some(History { window }) = network.spec.attention.history else { return Ok(None) };
        let (n, steps) = (data.rows, data.steps());
        let stored = if data.past.is_some() { window } else { 0 };
        let all = stored + steps;
        let of_data = |row: usize, t: usize| ages[t * n + row] as usize;
        let mut past = Self { states: None, ages: Vec::with_capacity(n * all), seen: vec![0; n * steps * all] };
        if let Some(states) = &data.past {
            past.states = Some(Tensor::from_slice(states, (n, window, network.spec.hidden), network.device)?);
        }
        for row in 0..n {
            // The episode that the stored past is of goes on unless one starts at the first step.
            let begun = data.ages.as_ref().map_or(0, |ages| ages[row] as usize);
            past.ages.extend((0..stored).map(|s| (begun + s).saturating_sub(stored) as u32));
            past.ages.extend((0..steps).map(|t| of_data(row, t) as u32));
            for t in 0..steps {
                let seen = &mut past.seen[(row * steps + t) * all..][..all];
                let reach = of_data(row, t).min(window).min(stored + t);
                seen[stored + t - reach..stored + t].fill(1);
            }
        }
        Ok(Some(past))
    }

    /// Of step `t` of open loops, after `states`.
    pub(super) fn before(spec: &ModelSpec, n: usize, t: usize, states: &[Tensor]) -> Candle<Option<Self>> {
        let Some(History { window }) = spec.attention.history else { return Ok(None) };
        let count = t.min(window);
        let states = &states[t - count..t];
        Ok(Some(Self {
            states: if count == 0 { None } else { Some(Tensor::cat(states, 1)?) },
            ages: (0..n).flat_map(|_| t - count..=t).map(|age| age as u32).collect(),
            seen: (0..n).flat_map(|_| (0..=count).map(|s| u8::from(s < count))).collect(),
        }))
    }
}

impl Network<'_> {
    /// What the heads read: what they read without the past, `[n, T, _]`, and beside it what is read out of it at states `[n, T, H]`.
    pub(super) fn look_back(&self, states: &Tensor, read: &Tensor, past: Option<&Past>) -> Candle<Tensor> {
        let (Some(past), Some(History { window })) = (past, self.spec.attention.history) else { return Ok(read.clone()) };
        let (n, steps, _) = states.dims3()?;
        let values = match &past.states {
            Some(stored) => Tensor::cat(&[stored, states], 1)?,
            None => states.clone(),
        };
        let all = values.dim(1)?;
        let mut made_of = values.clone();
        if self.spec.reads_clock() {
            let clocks: Vec<f32> = past.ages.iter().flat_map(|&age| clock(age)).collect();
            made_of = Tensor::cat(&[&made_of, &Tensor::from_vec(clocks, (n, all, ()), self.device)?], 2)?;
        }
        let heads = |of: &Tensor, kind: ParamKind| -> Candle<Tensor> {
            let (n, count, _) = of.dims3()?;
            let made = of.flatten(0, 1)?.matmul(&self.weight(kind)?.t()?)?;
            made.reshape((n, count, History::HEADS, History::WIDTH))?.transpose(1, 2)?.contiguous()
        };
        let queries = heads(&made_of.narrow(1, all - steps, steps)?.contiguous()?, ParamKind::HistoryQuery)?;
        let (keys, values) = (heads(&made_of, ParamKind::HistoryKey)?, heads(&values, ParamKind::HistoryValue)?);
        let scores = queries.matmul(&keys.t()?.contiguous()?)?.affine(1.0 / (History::WIDTH as f64).sqrt(), 0.0)?;
        // Steps back, of no meaning where a state is not seen.
        let back = (0..steps).flat_map(|t| (0..all).map(move |s| (all - steps + t).saturating_sub(s + 1).min(window - 1) as u32));
        let back = Tensor::from_vec(back.collect(), steps * all, self.device)?;
        let bias = self.weight(ParamKind::HistoryBias)?.index_select(&back, 1)?.reshape((1, History::HEADS, steps, all))?;
        let scores = scores.broadcast_add(&bias)?;
        let seen = Tensor::from_slice(&past.seen, (n, 1, steps, all), self.device)?.broadcast_as(scores.shape())?;
        let never = Tensor::full(-1e30_f32, scores.shape(), self.device)?;
        let scores = seen.where_cond(&scores, &never)?;
        let shifted = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?.detach())?;
        let weights = (shifted.exp()? * seen.to_dtype(candle_core::DType::F32)?)?;
        let total = weights.sum_keepdim(D::Minus1)?;
        // 1 where nothing is seen.
        let total = (&total + total.eq(0.0)?.to_dtype(candle_core::DType::F32)?)?;
        let out = weights.broadcast_div(&total)?.matmul(&values)?;
        Tensor::cat(&[read, &out.transpose(1, 2)?.contiguous()?.reshape((n, steps, History::READ))?], 2)
    }
}
