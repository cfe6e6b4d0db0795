/** What the two sides of a join by a foreign key tell each other, as bytes. */
import type { ForeignAnswer, ForeignQuestion } from '../operators/foreign-join.ts';
import type { AnySerde } from '../topology/node.ts';
import { bytesOf, readBytes } from './row-serdes.ts';

/** A byte that says whether it is asked, then the left row's key. */
export function questionSerde(leftKey: AnySerde): AnySerde {
  return {
    serialize: (input) => {
      const { key, isAsked } = input as ForeignQuestion;
      return Buffer.concat([Uint8Array.of(isAsked ? 1 : 0), bytesOf(leftKey.serialize(key))]);
    },
    deserialize: (input) => {
      const bytes = input as Uint8Array;
      return { key: readBytes(leftKey, bytes.subarray(1)), isAsked: bytes[0] === 1 } satisfies ForeignQuestion;
    },
    name: `question ${leftKey.name ?? 'unnamed'}`,
  };
}

/** A byte that says whether there is a right row, the length of the foreign key (4), that key, then the row. */
export function answerSerde(foreignKey: AnySerde, right: AnySerde): AnySerde {
  return {
    serialize: (input) => {
      const answer = input as ForeignAnswer;
      const key = bytesOf(foreignKey.serialize(answer.foreignKey));
      const head = Buffer.alloc(5);
      head[0] = answer.right === undefined ? 0 : 1;
      head.writeUInt32BE(key.length, 1);
      const row = answer.right === undefined ? Buffer.alloc(0) : bytesOf(right.serialize(answer.right));
      return Buffer.concat([head, key, row]);
    },
    deserialize: (input) => {
      const bytes = input as Uint8Array;
      const middle = 5 + new DataView(bytes.buffer, bytes.byteOffset, 5).getUint32(1);
      return {
        foreignKey: readBytes(foreignKey, bytes.subarray(5, middle)),
        right: bytes[0] === 1 ? readBytes(right, bytes.subarray(middle)) : undefined,
      } satisfies ForeignAnswer;
    },
    name: `answer ${right.name ?? 'unnamed'}`,
  };
}

/** That a row is there says all. */
export const presenceSerde: AnySerde = {
  serialize: () => Uint8Array.of(1),
  deserialize: () => true,
  name: 'presence',
};
