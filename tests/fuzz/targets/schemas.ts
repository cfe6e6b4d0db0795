/** Texts of schemas as the registry reads them, and records of its topic. */
import { decodeFact, parseSchema } from '@millrace/registry/testing/decoders';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';

const types = ['AVRO', 'JSON', 'PROTOBUF'] as const;

/** An input is a byte that says of which type the text is that follows, or that a key and a value follow. */
export const schemas: FuzzTarget = {
  name: 'schemas',
  inputs: 3000,
  seeds: () => [
    Buffer.from(
      '\u0000{"type":"record","name":"a.R","aliases":["S"],"fields":[{"name":"x","type":["null","R"],"default":null},' +
        '{"name":"y","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"},"order":"ignore"}]}',
    ),
    Buffer.from('\u0000{"type":"map","values":{"type":"array","items":{"type":"fixed","name":"F","size":2}}}'),
    Buffer.from(
      '\u0001{"type":"object","properties":{"a":{"$ref":"#/$defs/b"},"c":{"oneOf":[{"type":"string"},{"not":{}}]}},' +
        '"required":["a"],"$defs":{"b":{"enum":[1,"x"]}},"patternProperties":{"^x":true},"items":[{"maxLength":3}]}',
    ),
    Buffer.from(
      '\u0002syntax = "proto3"; package p; import "google/protobuf/any.proto"; message M { reserved 5 to max, "x"; ' +
        'map<string, M> m = 1 [deprecated = true, (o).x = { a: 1 }]; optional int32 i = 2; oneof o { E e = 3; } ' +
        'google.protobuf.Any any = 4; enum E { A = 0; } } service S { rpc R (stream M) returns (M); }',
    ),
    Buffer.from('\u0002syntax = "proto2"; message M { required string s = 1 [default = "x\\n"]; extensions 5 to 9; }'),
    Buffer.from(
      '\u0003{"kind":"schema","subject":"a","version":1}\0{"id":1,"schemaType":"AVRO","schema":"\\"int\\"",' +
        '"references":[],"deleted":false}',
    ),
    Buffer.from('\u0003{"kind":"ids"}\0{"highest":7}'),
  ],
  run(input) {
    const kind = (input[0] ?? 0) % 4;
    const text = Buffer.from(input.subarray(1)).toString('utf8');
    if (kind === 3) {
      const [key = '', value] = text.split('\0');
      const fact = decodeFact(Buffer.from(key), value === undefined ? null : Buffer.from(value));
      return typeof fact === 'string' ? fact : fact.kind;
    }
    const schemaType = types[kind] as (typeof types)[number];
    const outcome = attempt(() => {
      const schema = parseSchema(schemaType, text, []);
      const again = parseSchema(schemaType, schema.canonical, []);
      if (again.canonical !== schema.canonical) throw new TypeError('the regular form of a schema is not its own');
      parseSchema(schemaType, schema.normalized, []);
      if (again.reads(schema).length > 0) throw new TypeError('a schema does not go with itself');
      schema.formatted?.('serialized');
      return schemaType;
    });
    // A message as far as it does not quote the input.
    return outcome.split(/["':]/).slice(0, 2).join(':');
  },
};
