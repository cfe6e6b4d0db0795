/** What the fields of declared things have in common. */
import { type TObject, type TProperties, Type } from 'typebox';

/** An object that has these fields and no others. */
export const closed = <P extends TProperties>(properties: P, description: string): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, description });

export const Name = Type.String({ minLength: 1, maxLength: 100, description: 'Letters, digits, ., - and _' });
export const Description = Type.Optional(Type.String({ maxLength: 1000, description: 'For people' }));

/** The name of something else that is declared. */
export const nameOf = (list: string): ReturnType<typeof Type.String> =>
  Type.String({ description: `The name of one of the ${list}` });

/** As YAML has it: `acks: 1` and `acks: "1"` say the same. */
export const Setting = Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] });
