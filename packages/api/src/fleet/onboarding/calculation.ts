/**
 * Arithmetic that people can check: every number with its unit and where it comes from, every result with the operation
 * that made it of others.
 */
import { type Static, Type } from 'typebox';

export const Unit = Type.Union(
  [
    Type.Literal('bytes'),
    Type.Literal('bytes/s'),
    Type.Literal('records'),
    Type.Literal('records/s'),
    Type.Literal('bytes/record'),
    Type.Literal('s'),
    Type.Literal('partitions'),
    Type.Literal('replicas'),
    Type.Literal('brokers'),
    Type.Literal('times'),
    Type.Literal('GiB'),
    Type.Literal('price'),
    Type.Literal('price/month'),
  ],
  { description: 'times: a plain factor or count; price: in the currency of the cluster, per what its name says' },
);
export type Unit = Static<typeof Unit>;

export const Origin = Type.Union(
  [
    Type.Literal('requested'),
    Type.Literal('declared'),
    Type.Literal('measured'),
    Type.Literal('assumed'),
    Type.Literal('calculated'),
  ],
  { description: 'Where a number comes from' },
);
export type Origin = Static<typeof Origin>;

export const Quantity = Type.Object({
  name: Type.String(),
  value: Type.Number(),
  unit: Unit,
  origin: Origin,
});
/** A number with its name, its unit and where it comes from. */
export type Quantity = Static<typeof Quantity>;

export const CalculationOperation = Type.Union([
  Type.Literal('product'),
  Type.Literal('sum'),
  Type.Literal('difference'),
  Type.Literal('quotient'),
  Type.Literal('quotient_rounded_up'),
  Type.Literal('least'),
  Type.Literal('most'),
]);
export type CalculationOperation = Static<typeof CalculationOperation>;

export const CalculationLine = Type.Object(
  {
    result: Quantity,
    operation: CalculationOperation,
    of: Type.Array(Quantity, { minItems: 1, description: 'In their order' }),
    text: Type.String({ description: 'The line as people read it' }),
  },
  { description: 'One step of a calculation' },
);
export type CalculationLine = Static<typeof CalculationLine>;
