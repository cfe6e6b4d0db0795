/** Answers with an ETag of their content (RFC 9110, section 8.8.3), which a client that has it need not get again. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The text of an answer with its tag, or 304 when `If-None-Match` has it. */
export function replyWithEtag(request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  const text = JSON.stringify(answer);
  const etag = `"${createHash('sha1').update(text).digest('base64url')}"`;
  reply.header('etag', etag).header('cache-control', 'no-cache').header('vary', 'authorization, cookie');
  if (names(request.headers['if-none-match'], etag)) return reply.status(304).send();
  return reply.type('application/json; charset=utf-8').send(text);
}

function names(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((each) => {
    const tag = each.trim();
    // Weakly compared, as the RFC has it for this header.
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
