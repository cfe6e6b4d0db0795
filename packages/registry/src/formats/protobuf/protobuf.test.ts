import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_struct,
  file_google_protobuf_type,
} from '@bufbuild/protobuf/wkt';
import { protobufFormat } from './protobuf-format.ts';

const text = `// Orders.
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "items.proto";
option java_package = "com.shop";
option (custom).level = 3;
message Order {
  reserved 9, 20 to 30, 100 to max;
  reserved "old";
  string id = 1 [json_name = "ID", (checked) = true];
  optional int32 count = 2;
  map<string, Item> items = 3;
  repeated State states = 4 [packed = false];
  google.protobuf.Timestamp at = 5;
  oneof paid { Card card = 6; string cash = 7; }
  message Card { bytes number = 1; /* none */ }
  enum State { UNKNOWN = 0; OPEN = 1 [deprecated = true]; }
}
service Orders { rpc Watch (Order) returns (stream Order.Card) { option deprecated = true; }
  rpc Get (Order) returns (Order); }
`;
const items = { name: 'items.proto', schema: 'syntax = "proto3"; package shop; message Item { int64 price = 1; }' };

test('a .proto file is printed in one regular form, which reads as the same', () => {
  const { canonical } = protobufFormat.parse(text, [items]);
  assert.equal(
    canonical,
    `syntax = "proto3";
package shop;

import "google/protobuf/timestamp.proto";
import "items.proto";

option java_package = "com.shop";
option (custom).level = 3;

message Order {
  reserved 9;
  reserved 20 to 30;
  reserved 100 to max;
  reserved "old";
  string id = 1 [json_name = "ID", (checked) = true];
  optional int32 count = 2;
  map<string, .shop.Item> items = 3;
  repeated Order.State states = 4 [packed = false];
  .google.protobuf.Timestamp at = 5;
  oneof paid {
    Order.Card card = 6;
    string cash = 7;
  }
  message Card {
    bytes number = 1;
  }
  enum State {
    UNKNOWN = 0;
    OPEN = 1 [deprecated = true];
  }
}
service Orders {
  rpc Watch (Order) returns (stream Order.Card) {
    option deprecated = true;
  }
  rpc Get (Order) returns (Order);
}
`,
  );
  assert.equal(protobufFormat.parse(canonical, [items]).canonical, canonical);
});

test('text and descriptor of a file are one schema', () => {
  const schema = protobufFormat.parse(text, [items]);
  const serialized = schema.formatted?.('serialized') as string;
  assert.equal(protobufFormat.parse(serialized, [items]).canonical, schema.canonical);
});

test('files that protoc compiled come back from their text as they were', () => {
  for (const { proto } of [file_google_protobuf_type, file_google_protobuf_api, file_google_protobuf_struct]) {
    const bytes = toBinary(FileDescriptorProtoSchema, proto);
    const printed = protobufFormat.parse(Buffer.from(bytes).toString('base64'), []);
    const again = protobufFormat.parse(printed.canonical, []);
    const file = fromBinary(
      FileDescriptorProtoSchema,
      Buffer.from(again.formatted?.('serialized') as string, 'base64'),
    );
    assert.deepEqual({ ...file, name: proto.name }, fromBinary(FileDescriptorProtoSchema, bytes));
  }
  const bytes = toBinary(FileDescriptorProtoSchema, file_google_protobuf_descriptor.proto);
  const printed = protobufFormat.parse(Buffer.from(bytes).toString('base64'), []).canonical;
  assert.equal(protobufFormat.parse(printed, []).canonical, printed);
});

const message = (body: string): string => `syntax = "proto3"; message A { ${body} } message B {}`;

test('changes are judged by what they do to written data', () => {
  const judge = (reader: string, writer: string): string[] =>
    protobufFormat
      .parse(message(reader), [])
      .reads(protobufFormat.parse(message(writer), []))
      .map((one) => one.errorType);
  assert.deepEqual(judge('int32 a = 1; string b = 2;', 'int32 a = 1;'), []);
  assert.deepEqual(judge('', 'int32 a = 1;'), []);
  assert.deepEqual(judge('int32 other = 1;', 'int32 a = 1;'), []);
  assert.deepEqual(judge('int64 a = 1;', 'bool a = 1;'), []);
  assert.deepEqual(judge('string a = 1;', 'int32 a = 1;'), ['FIELD_SCALAR_KIND_CHANGED']);
  assert.deepEqual(judge('B a = 1;', 'int32 a = 1;'), ['FIELD_KIND_CHANGED']);
  assert.deepEqual(judge('A a = 1;', 'B a = 1;'), ['FIELD_NAMED_TYPE_CHANGED']);
  assert.deepEqual(judge('repeated int32 a = 1;', 'int32 a = 1;'), ['FIELD_NUMERIC_LABEL_CHANGED']);
  assert.deepEqual(judge('repeated string a = 1;', 'string a = 1;'), []);
  assert.deepEqual(judge('oneof o { int32 a = 1; }', 'int32 a = 1;'), []);
  assert.deepEqual(judge('oneof o { int32 a = 1; int32 b = 2; }', 'int32 a = 1; int32 b = 2;'), [
    'MULTIPLE_FIELDS_MOVED_TO_ONEOF',
  ]);
  assert.deepEqual(judge('oneof o { int32 a = 1; }', 'oneof o { int32 a = 1; int32 b = 2; }'), ['ONEOF_FIELD_REMOVED']);
  const gone = protobufFormat.parse('syntax = "proto3"; message A {}', []).reads(protobufFormat.parse(message(''), []));
  assert.deepEqual(
    gone.map((one) => one.describe('new', 'old')),
    ["The new schema is missing a message at path '#/B' of the old schema"],
  );
});

test('what is no .proto file is refused with its line', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['message A {\n string a 1;\n}', /line 2: "1" stands where "=" is expected/],
    ['message A { Missing a = 1; }', /the type Missing is not defined/],
    ['import "other.proto";', /imports "other.proto", which is not among the references/],
    ['message A { int32 a = 1; int32 b = 1; }', /the field number 1 twice/],
    ['message A {} message A {}', /A is defined twice/],
    ['enum E {}', /the enum E has no value/],
    ['message A { ', /the end of the file/],
    ['\u0001', /no part of a .proto file/],
  ];
  for (const [source, problem] of refused) {
    assert.throws(() => protobufFormat.parse(source, []), { code: 'invalid_schema', message: problem });
  }
});
