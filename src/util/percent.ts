/**
 * A share as text.
 *
 * @param share - 0 to 1.
 * @returns Such as `12.5 %`; never rounded to 0 or to 100 when it is not.
 */
export function percent(share: number): string {
  const rounded = (100 * share).toFixed(1).replace(/\.0$/, '');
  if (rounded === '100' && share < 1) {
    return '> 99.9 %';
  }
  return rounded === '0' && share > 0 ? '< 0.1 %' : `${rounded} %`;
}
