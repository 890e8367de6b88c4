"""PPO on CartPole by sb3-contrib's RecurrentPPO over its own vector of Gymnasium environments, driven as its `learn` does.

One LSTM that actor and critic share, and heads on it at once: the network that is nearest to the others' and costs it least.
"""

import numpy as np
import sb3_contrib
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.env_util import make_vec_env

import common
from common import PPO, THREADS

torch.set_num_threads(THREADS)
ENVS, STEPS = PPO["envs"], PPO["steps"]
model = RecurrentPPO(
    "MlpLstmPolicy",
    make_vec_env("CartPole-v1", n_envs=ENVS, seed=1),
    n_steps=STEPS,
    batch_size=ENVS * STEPS // PPO["minibatches"],
    n_epochs=PPO["epochs"],
    policy_kwargs={"lstm_hidden_size": PPO["hidden"], "shared_lstm": True, "enable_critic_lstm": False, "net_arch": {"pi": [], "vf": []}},
    seed=1,
    device="cpu",
)
_, callback = model._setup_learn(500_000, None, reset_num_timesteps=True, tb_log_name="", progress_bar=False)


def iterate():
    model.collect_rollouts(model.env, callback, model.rollout_buffer, n_rollout_steps=STEPS)
    model._update_current_progress_remaining(model.num_timesteps, 500_000)
    model.train()
    # The last hundred episodes' mean: sb3's own measure.
    common.note_return(float(np.mean([episode["r"] for episode in model.ep_info_buffer])))


common.serve(f"sb3-contrib {sb3_contrib.__version__}, torch {torch.__version__}", iterate=iterate)
