/** OpenTelemetry's logs (logs/v1/logs.proto, collector/logs/v1/logs_service.proto). Times are bigint nanoseconds. */
import { field } from '../protobuf/field.ts';
import { type Message, MessageType, messageKind, messagesKind } from '../protobuf/message.ts';
import { fixed32, hexId, int32, nanos, plain, text, uint32 } from '../protobuf/scalar-kinds.ts';
import { anyValue, keyValues } from './any-value.ts';
import { Resource, Scope } from './origin.ts';

export const LogRecord = new MessageType({
  timeUnixNano: field(1, plain(nanos)),
  observedTimeUnixNano: field(11, plain(nanos)),
  /** 1 to 24: 9 is INFO, 13 WARN, 17 ERROR; 0 when it is not told. */
  severityNumber: field(2, plain(int32)),
  severityText: field(3, plain(text)),
  body: anyValue(5),
  attributes: keyValues(6),
  droppedAttributesCount: field(7, plain(uint32)),
  flags: field(8, plain(fixed32)),
  /** 32 hexadecimal digits, or empty. */
  traceId: field(9, plain(hexId)),
  /** 16 hexadecimal digits, or empty. */
  spanId: field(10, plain(hexId)),
  eventName: field(12, plain(text)),
});
export interface LogRecord extends Message<typeof LogRecord> {}

export const ScopeLogs = new MessageType({
  scope: field(1, messageKind(Scope)),
  logRecords: field(2, messagesKind(LogRecord)),
  schemaUrl: field(3, plain(text)),
});

export const ResourceLogs = new MessageType({
  resource: field(1, messageKind(Resource)),
  scopeLogs: field(2, messagesKind(ScopeLogs)),
  schemaUrl: field(3, plain(text)),
});

/** The body of `POST /v1/logs`; `LogsData` has the same form. */
export const ExportLogsRequest = new MessageType({ resourceLogs: field(1, messagesKind(ResourceLogs)) });
export interface ExportLogsRequest extends Message<typeof ExportLogsRequest> {}
