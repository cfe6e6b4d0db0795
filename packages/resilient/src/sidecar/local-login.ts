/**
 * The login of a program: SASL/PLAIN with the application's name and the sidecar's secret. Loopback is all that lies
 * between them. Before it nothing is answered but the versions, and nothing passes.
 */
import {
  type Api,
  type ApiVersionsResponse,
  apiVersions,
  type ByteReader,
  type ByteWriter,
  decodePlain,
  decodeRequest,
  type EncodedFrame,
  encodeResponse,
  errorCodes,
  plainMechanism,
  type RequestHeader,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import type { ProgramSoftware } from './cluster-route.ts';
import { ProgramRefusedError } from './sidecar-errors.ts';
import { softwareOf, unnamedSoftware, versionsAnswer } from './versions-answer.ts';

/** Whether a secret is good; a sentence says why not. */
export type SecretCheck = (username: string, secret: string) => true | string;

export interface LocalLoginOptions {
  readonly writer: ByteWriter;
  readonly check: SecretCheck;
  readonly versions: () => Promise<ApiVersionsResponse>;
}

export interface LoginStep {
  readonly answer: EncodedFrame;
  /** Why this is the last answer. */
  readonly refusal?: ProgramRefusedError | undefined;
}

export class LocalLogin {
  readonly #options: LocalLoginOptions;
  #hasChosen = false;
  #isOpen = false;
  software: ProgramSoftware = unnamedSoftware;
  /** What the program was told that it can use. */
  promised: ApiVersionsResponse['apiKeys'] = [];

  constructor(options: LocalLoginOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Answers a request; `reader` stands behind its header. Rejects with `ProgramRefusedError`, `WireError`, SaslError.
   */
  async answer(header: RequestHeader, reader: ByteReader): Promise<LoginStep> {
    if (header.apiKey === apiVersions.key) return this.#tellVersions(header, reader);
    if (header.apiKey === saslHandshake.key && header.apiVersion === 1) return this.#choose(header, reader);
    if (header.apiKey === saslAuthenticate.key && this.#hasChosen) return this.#prove(header, reader);
    const asked = `request ${header.apiKey} version ${header.apiVersion}`;
    throw new ProgramRefusedError('login', `it sent ${asked} before it logged in; set SASL_PLAINTEXT and PLAIN`);
  }

  async #tellVersions(header: RequestHeader, reader: ByteReader): Promise<LoginStep> {
    const { versions, writer } = this.#options;
    this.software = softwareOf(header, reader);
    const known = await versions();
    this.promised = known.apiKeys;
    return { answer: versionsAnswer(writer, header, known) };
  }

  #choose(header: RequestHeader, reader: ByteReader): LoginStep {
    const { mechanism } = decodeRequest(saslHandshake, header.apiVersion, reader);
    const mechanisms = [plainMechanism];
    if (mechanism === plainMechanism) {
      this.#hasChosen = true;
      return { answer: this.#encoded(header, saslHandshake, { errorCode: 0, mechanisms }) };
    }
    const errorCode = errorCodes.UNSUPPORTED_SASL_MECHANISM;
    const refusal = new ProgramRefusedError(
      'login',
      `it asked for mechanism ${mechanism}; the sidecar has PLAIN alone`,
    );
    return { answer: this.#encoded(header, saslHandshake, { errorCode, mechanisms }), refusal };
  }

  #prove(header: RequestHeader, reader: ByteReader): LoginStep {
    const { authBytes } = decodeRequest(saslAuthenticate, header.apiVersion, reader);
    const { authorizationId, username, password } = decodePlain(authBytes);
    const isOther = authorizationId !== '' && authorizationId !== username;
    const verdict = isOther ? 'a program acts for no other than itself' : this.#options.check(username, password);
    const nothing = new Uint8Array(0);
    if (verdict === true) {
      this.#isOpen = true;
      return {
        answer: this.#encoded(header, saslAuthenticate, { errorCode: 0, errorMessage: null, authBytes: nothing }),
      };
    }
    const errorCode = errorCodes.SASL_AUTHENTICATION_FAILED;
    const answer = this.#encoded(header, saslAuthenticate, { errorCode, errorMessage: verdict, authBytes: nothing });
    return { answer, refusal: new ProgramRefusedError('login', verdict) };
  }

  #encoded<A extends Api>(
    { apiVersion, correlationId }: RequestHeader,
    api: A,
    draft: Parameters<typeof encodeResponse<A>>[4],
  ): EncodedFrame {
    return encodeResponse(this.#options.writer, api, apiVersion, correlationId, draft);
  }
}
