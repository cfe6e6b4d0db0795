/**
 * OTLP over HTTP (OpenTelemetry's protocol specification, 1.x): a `POST` in Protobuf or JSON, plain or compressed, and
 * the answer in the encoding of the request. An answer of 200 may say that a part was rejected, which must not be sent
 * again; 429 and 503 ask for another try after a while; 400 says that the body can never be taken.
 */
import { defineContract, implement, type PageAnswer, ProblemError, type Route } from '@millrace/api';
import { isMillraceError } from '@millrace/base';
import { ExportStatus, type MessageOf, type MessageType, type Schema, TelemetryError } from '@millrace/telemetry';
import { Type } from 'typebox';
import { bodyBytes } from './body-bytes.ts';
import { collectorDialect } from './collector-dialect.ts';

/** A part of a request that was not taken, and never will be. */
export interface RejectedPart {
  /** How many data points or log records. */
  readonly count: number;
  /** Why, and what to do, in a sentence. */
  readonly message: string;
}

/** Who sends. */
export interface OtlpSource {
  readonly remoteAddress: string;
  /** Whose token it is; `anonymous` where none is needed. */
  readonly principalName: string;
  /** What was sent, unpacked. */
  readonly body: Uint8Array;
  header(name: string): string | undefined;
  /** Aborts when the sender goes away. */
  readonly signal: AbortSignal;
}

/** The type of answers that both signals have. */
type AnswerType = {
  of(fields: { partialSuccess?: { readonly rejected: number; readonly errorMessage: string } | undefined }): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: what `of` made is what it encodes.
  encode(answer: any): Uint8Array;
  // biome-ignore lint/suspicious/noExplicitAny: likewise.
  toJson(answer: any): unknown;
};

export interface OtlpRouteOptions<S extends Schema> {
  /** `/v1/metrics` */
  readonly path: string;
  readonly request: MessageType<S>;
  readonly answer: AnswerType;
  /**
   * Takes what was sent; resolves once it is stored. A `ProblemError` that it throws is answered as such: `unavailable`
   * where nothing is known to be stored, and sending it again is right.
   */
  accept(request: MessageOf<S>, source: OtlpSource): Promise<RejectedPart | undefined>;
}

/** Of a body as it comes, and unpacked. */
const bodyBytesMax = 8 * 2 ** 20;
const unpackedBytesMax = 64 * 2 ** 20;

const protobufType = 'application/x-protobuf';
const jsonType = 'application/json';

export function otlpRoute<S extends Schema>(options: OtlpRouteOptions<S>): Route {
  const contract = defineContract({
    method: 'POST',
    path: options.path,
    summary: `Takes OpenTelemetry's ${options.path.slice(options.path.lastIndexOf('/') + 1)} (OTLP over HTTP)`,
    description: 'Protobuf or JSON, plain or gzip. Answers 200 only when all that it took is stored.',
    kind: 'page',
    dialect: collectorDialect([protobufType, jsonType]),
    body: Type.Unknown(),
    bodyCheckedBy: 'handler',
    bodyBytesMax,
    response: Type.Unknown(),
    problems: ['malformed_request', 'conflict', 'unavailable'],
  });
  return implement(contract, async (request) => {
    const isJson = request.header('content-type')?.startsWith(jsonType) === true;
    try {
      const bytes = await bodyBytes(request.body, request.header('content-encoding'), unpackedBytesMax);
      const read = isJson ? options.request.fromJson(parsed(bytes)) : options.request.decode(bytes);
      const { remoteAddress, principal, signal } = request;
      const header = (name: string): string | undefined => request.header(name);
      const source = { remoteAddress, principalName: principal.name, body: bytes, header, signal };
      const rejected = await options.accept(read, source);
      const partialSuccess = rejected && { rejected: rejected.count, errorMessage: rejected.message };
      return page(200, isJson, options.answer, options.answer.of({ partialSuccess }));
    } catch (error) {
      const problem = problemOf(error);
      const { retryAfterSeconds: seconds } = problem;
      const status = ExportStatus.of({ code: grpcCodeOf(problem), message: problem.message });
      const answer = page(problem.status, isJson, ExportStatus, status);
      return seconds === undefined
        ? answer
        : { ...answer, headers: { ...answer.headers, 'retry-after': `${seconds}` } };
    }
  });
}

function page(status: number, isJson: boolean, type: AnswerType | typeof ExportStatus, answer: unknown): PageAnswer {
  const encoder = type as AnswerType;
  if (!isJson) return { status, headers: { 'content-type': protobufType }, bytes: encoder.encode(answer) };
  return { status, headers: { 'content-type': jsonType }, text: JSON.stringify(encoder.toJson(answer)) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new TelemetryError('', 'is not valid JSON in UTF-8', { cause: error });
  }
}

/** What the sender is told; whatever is no answer to it is thrown on, for the server's log. */
function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof TelemetryError) return new ProblemError('malformed_request', error.message, { cause: error });
  if (isMillraceError(error) && error.retriable) {
    return new ProblemError('unavailable', error.message, { cause: error, retryAfterSeconds: 1 });
  }
  throw error;
}

/** Codes of gRPC, which `google.rpc.Status` has. */
function grpcCodeOf({ code }: ProblemError): number {
  if (code === 'unavailable') return 14;
  if (code === 'rate_limited') return 8;
  return 3;
}
