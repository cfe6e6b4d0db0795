/**
 * Answers of OTLP/HTTP: all was taken, a part of it was (partial success: what was rejected must not be sent again), or
 * an error (google.rpc.Status).
 */
import { field } from '../protobuf/field.ts';
import { MessageType, messageKind } from '../protobuf/message.ts';
import { int32, int64, plain, text } from '../protobuf/scalar-kinds.ts';

const answerOf = (rejectedName: string) =>
  new MessageType({
    partialSuccess: field(
      1,
      messageKind(
        new MessageType({
          rejected: field(1, plain(int64), rejectedName),
          errorMessage: field(2, plain(text)),
        }),
      ),
    ),
  });

export const ExportMetricsAnswer = answerOf('rejectedDataPoints');
export const ExportLogsAnswer = answerOf('rejectedLogRecords');

/** The body of answers other than 200. */
export const ExportStatus = new MessageType({
  /** A code of gRPC: 3 invalid argument, 14 unavailable. */
  code: field(1, plain(int32)),
  message: field(2, plain(text)),
});
