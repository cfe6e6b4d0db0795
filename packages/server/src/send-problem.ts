/** How a refusal reaches the client, also one whose request was never whole. */
import type { Socket } from 'node:net';
import { ProblemError } from '@millrace/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sizeText } from './problem-answer.ts';

/**
 * What still comes of a refused body is thrown away as it arrives, so that the client gets to read the answer; for 5 s.
 */
export function discardRest(request: FastifyRequest): void {
  const { raw } = request;
  if (raw.complete) return;
  raw.resume();
  const timer = setTimeout(() => raw.socket.destroy(), 5_000);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
}

/** Answers with a problem as the body. */
export function sendProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .status(problem.status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem.toProblem()));
}

/** Answers what never became a request: unparsable bytes, headers that are too large or too slow. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new ProblemError('request_timeout', 'the request did not arrive in time; send it again, faster')
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? new ProblemError('headers_too_large', `the request headers are larger than ${sizeText(16 * 1024)}`)
        : new ProblemError('malformed_request', 'this is not an HTTP/1.1 request that can be read');
  const body = JSON.stringify(problem.toProblem());
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.code}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
