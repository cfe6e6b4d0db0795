/** Kahan's summation in Neumaier's variant: the error of each addition is kept beside the sum. */

export class CompensatedSum {
  sum: number;
  compensation = 0;

  constructor(first = 0) {
    this.sum = first;
  }

  add(value: number): void {
    const { sum } = this;
    const next = sum + value;
    // Behind an infinity there is nothing to be exact about.
    if (next === Infinity || next === -Infinity) this.compensation = 0;
    else if (Math.abs(sum) >= Math.abs(value)) this.compensation += sum - next + value;
    else this.compensation += value - next + sum;
    this.sum = next;
  }

  get total(): number {
    return this.sum + this.compensation;
  }

  get isInfinite(): boolean {
    return this.sum === Infinity || this.sum === -Infinity;
  }
}

/** The mean of values: their sum divided, or where the sum would be infinite, a mean that moves with each value. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  const sum = new CompensatedSum(values[from]);
  for (let at = from + 1; at < to; at++) {
    const before = sum.sum;
    const compensation = sum.compensation;
    sum.add(values[at] as number);
    if (sum.isInfinite) return movingMean(values, from, at, to, before, compensation);
  }
  const count = to - from;
  return sum.sum / count + sum.compensation / count;
}

function movingMean(
  values: Float64Array,
  from: number,
  at: number,
  to: number,
  sum: number,
  compensation: number,
): number {
  const mean = new CompensatedSum(sum / (at - from));
  mean.compensation = compensation / (at - from);
  for (let index = at; index < to; index++) {
    const count = index - from + 1;
    const share = (count - 1) / count;
    mean.sum *= share;
    mean.compensation *= share;
    mean.add((values[index] as number) / count);
  }
  return mean.total;
}
