/** Distance from the middle beyond which the cart has left the track, meters. */
export const MAX_POSITION = 2.4;

/** Angle from the vertical beyond which the pole has fallen, radians: 12°. */
export const MAX_ANGLE = (12 * 2 * Math.PI) / 360;

/** Numbers of a state: position and velocity of the cart, angle and angular velocity of the pole. */
export const STATE = 4;

const GRAVITY = 9.8;
const POLE_MASS = 0.1;
const TOTAL_MASS = 1.1;
const HALF_LENGTH = 0.5;
const POLE_MOMENT = POLE_MASS * HALF_LENGTH;
const FORCE = 10;
const SECONDS = 0.02;

/**
 * One step of Euler's method on the equations of Barto, Sutton and Anderson (1983), in 64 bits and in the order of Gymnasium's CartPole-v1.
 *
 * @param states - States, `[rows, 4]`, of which one is changed in place.
 * @param at - Where that one begins.
 * @param action - 0 pushes to the left, 1 to the right.
 * @returns Whether the cart has left the track or the pole has fallen.
 */
export function advance(states: Float64Array, at: number, action: number): boolean {
  const position = states[at] as number;
  const velocity = states[at + 1] as number;
  const angle = states[at + 2] as number;
  const spin = states[at + 3] as number;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const push = ((action === 1 ? FORCE : -FORCE) + POLE_MOMENT * (spin * spin) * sin) / TOTAL_MASS;
  const turn = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - (POLE_MASS * (cos * cos)) / TOTAL_MASS));
  const acceleration = push - (POLE_MOMENT * turn * cos) / TOTAL_MASS;
  const nextPosition = position + SECONDS * velocity;
  const nextAngle = angle + SECONDS * spin;
  states[at] = nextPosition;
  states[at + 1] = velocity + SECONDS * acceleration;
  states[at + 2] = nextAngle;
  states[at + 3] = spin + SECONDS * turn;
  return nextPosition < -MAX_POSITION || nextPosition > MAX_POSITION || nextAngle < -MAX_ANGLE || nextAngle > MAX_ANGLE;
}
