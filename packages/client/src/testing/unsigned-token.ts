/** For tests: bearer tokens that nobody signed, as brokers for development take them (KIP-255). */

/** Of one who may log in until `exp`; times in seconds since 1970. */
export interface TokenClaims {
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
}

export function unsignedToken(claims: TokenClaims): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}

/** A token of now, or, when it lives for less than no time, of then. */
export function tokenOf(subject: string, livesForSeconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const exp = now + livesForSeconds;
  return unsignedToken({ sub: subject, iat: Math.min(now, exp - 1), exp });
}
