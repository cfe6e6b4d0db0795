/** Scalar types by the words that `.proto` files have for them. */
import { FieldDescriptorProto_Type as Type } from '@bufbuild/protobuf/wkt';

export const scalarTypes: Readonly<Record<string, Type | undefined>> = Object.assign(Object.create(null), {
  double: Type.DOUBLE,
  float: Type.FLOAT,
  int64: Type.INT64,
  uint64: Type.UINT64,
  int32: Type.INT32,
  fixed64: Type.FIXED64,
  fixed32: Type.FIXED32,
  bool: Type.BOOL,
  string: Type.STRING,
  bytes: Type.BYTES,
  uint32: Type.UINT32,
  sfixed32: Type.SFIXED32,
  sfixed64: Type.SFIXED64,
  sint32: Type.SINT32,
  sint64: Type.SINT64,
});

export const scalarNames: ReadonlyMap<Type, string> = new Map(
  Object.entries(scalarTypes).map(([name, type]) => [type as Type, name]),
);
