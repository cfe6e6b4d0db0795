/**
 * Arithmetic that shows itself: whoever calculates does so with these operations, and each leaves its line. So what
 * people are shown is what was calculated, and can't differ from it.
 */
import type { CalculationLine, CalculationOperation, Origin, Quantity, Unit } from '@millrace/api/fleet';
import { quantityText } from './quantity-text.ts';

type Quantities = readonly [Quantity, ...Quantity[]];

export class Calculation {
  /** Stays empty where nobody will read them: `new Calculation('silent')`. */
  readonly lines: CalculationLine[] = [];
  readonly #isSilent: boolean;

  constructor(mode: 'shown' | 'silent' = 'shown') {
    this.#isSilent = mode === 'silent';
  }

  product(name: string, unit: Unit, ...of: Quantities): Quantity {
    return this.#line('product', name, unit, of);
  }

  sum(name: string, ...of: Quantities): Quantity {
    return this.#line('sum', name, of[0].unit, of);
  }

  /** Never below nothing. */
  difference(name: string, from: Quantity, less: Quantity): Quantity {
    return this.#line('difference', name, from.unit, [from, less]);
  }

  quotient(name: string, unit: Unit, dividend: Quantity, divisor: Quantity): Quantity {
    return this.#line('quotient', name, unit, [dividend, divisor]);
  }

  quotientRoundedUp(name: string, unit: Unit, dividend: Quantity, divisor: Quantity): Quantity {
    return this.#line('quotient_rounded_up', name, unit, [dividend, divisor]);
  }

  least(name: string, ...of: Quantities): Quantity {
    return this.#line('least', name, of[0].unit, of);
  }

  most(name: string, ...of: Quantities): Quantity {
    return this.#line('most', name, of[0].unit, of);
  }

  #line(operation: CalculationOperation, name: string, unit: Unit, of: Quantities): Quantity {
    const value = calculate(
      operation,
      of.map((each) => each.value),
    );
    const result = quantity(name, value, unit, 'calculated');
    if (!this.#isSilent) this.lines.push({ result, operation, of: [...of], text: lineText(operation, result, of) });
    return result;
  }
}

export function quantity(name: string, value: number, unit: Unit, origin: Origin): Quantity {
  return { name, value, unit, origin };
}

/** What an operation makes of values: what each line's result is checked against. */
export function calculate(operation: CalculationOperation, values: readonly number[]): number {
  const [first = 0, second = 0] = values;
  switch (operation) {
    case 'product':
      return values.reduce((left, right) => left * right, 1);
    case 'sum':
      return values.reduce((left, right) => left + right, 0);
    case 'difference':
      return Math.max(0, first - second);
    case 'quotient':
      return first / second;
    case 'quotient_rounded_up':
      return Math.ceil(first / second);
    case 'least':
      return Math.min(...values);
    case 'most':
      return Math.max(...values);
  }
}

const signs = { product: ' x ', sum: ' + ', difference: ' - ', quotient: ' / ', quotient_rounded_up: ' / ' } as const;

/** `stored: 1 MiB/s bytes in (requested) x 86,400 s retention (requested) = 84.4 GiB` */
function lineText(operation: CalculationOperation, result: Quantity, of: Quantities): string {
  const parts = of.map((each) => {
    const origin = each.origin === 'calculated' ? '' : ` (${each.origin})`;
    return `${named(each)}${origin}`;
  });
  const value = quantityText(result);
  if (operation === 'least' || operation === 'most') {
    return `${result.name}: ${operation} of ${parts.join(', ')} = ${value}`;
  }
  const rounded = operation === 'quotient_rounded_up' ? ', rounded up' : '';
  return `${result.name}: ${parts.join(signs[operation])}${rounded} = ${value}`;
}

/** `6 partitions needed`: a unit that the name begins with is said once. */
function named(each: Quantity): string {
  const text = quantityText(each);
  const [first = ''] = each.name.split(/[ ,]/, 1);
  return text.endsWith(` ${first}`) ? `${text.slice(0, -first.length)}${each.name}` : `${text} ${each.name}`;
}
