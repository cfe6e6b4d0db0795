/** What metrics and logs have in common: where they come from (common/v1/common.proto, resource/v1/resource.proto). */
import { field } from '../protobuf/field.ts';
import { type Message, MessageType } from '../protobuf/message.ts';
import { plain, text, uint32 } from '../protobuf/scalar-kinds.ts';
import { keyValues } from './any-value.ts';

export const Resource = new MessageType({
  attributes: keyValues(1),
  droppedAttributesCount: field(2, plain(uint32)),
});
export interface Resource extends Message<typeof Resource> {}

export const Scope = new MessageType({
  name: field(1, plain(text)),
  version: field(2, plain(text)),
  attributes: keyValues(3),
  droppedAttributesCount: field(4, plain(uint32)),
});
export interface Scope extends Message<typeof Scope> {}
