/** Codecs of messages, made when first needed for an API, version and direction, and kept. */
import type { Api, Draft, Fields, Message } from '../schema.ts';
import { hasVersion } from '../versions.ts';
import { WireError } from '../wire-error.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { compileDecode, compileEncode } from './compile.ts';
import { interpretDecode, interpretEncode } from './interpret.ts';

type Kind = 'request' | 'response';
type Decode = (reader: ByteReader) => unknown;
type Encode = (writer: ByteWriter, draft: never) => void;

const decoders = new WeakMap<Fields, Decode[]>();
const encoders = new WeakMap<Fields, Encode[]>();
let mayGenerateCode: boolean | undefined;

/** Decodes the body of a request or response at a version that the API has; throws `WireError` otherwise. */
export function decodeBody<A extends Api, K extends Kind>(
  api: A,
  kind: K,
  version: number,
  reader: ByteReader,
): Message<A[K]> {
  const versions = versionsOf(decoders, api[kind]);
  let decode = versions[version];
  if (decode === undefined) {
    decode = makeDecode(api, kind, version);
    versions[version] = decode;
  }
  return decode(reader) as Message<A[K]>;
}

/** Encodes the body of a request or response at a version that the API has; throws `WireError` otherwise. */
export function encodeBody<A extends Api, K extends Kind>(
  api: A,
  kind: K,
  version: number,
  writer: ByteWriter,
  draft: Draft<A[K]>,
): void {
  const versions = versionsOf(encoders, api[kind]);
  let encode = versions[version];
  if (encode === undefined) {
    encode = makeEncode(api, kind, version);
    versions[version] = encode;
  }
  encode(writer, draft as never);
}

function versionsOf<T>(codecs: WeakMap<Fields, T[]>, fields: Fields): T[] {
  let versions = codecs.get(fields);
  if (versions === undefined) {
    versions = [];
    codecs.set(fields, versions);
  }
  return versions;
}

function makeDecode(api: Api, kind: Kind, version: number): Decode {
  const flexible = checkedFlexible(api, version);
  const fields = api[kind];
  if (canGenerateCode()) return compileDecode(fields, version, flexible, messageName(api, kind));
  return (reader) => interpretDecode(fields, version, flexible, reader);
}

function makeEncode(api: Api, kind: Kind, version: number): Encode {
  const flexible = checkedFlexible(api, version);
  const fields = api[kind];
  const strict = kind === 'request';
  if (canGenerateCode()) return compileEncode(fields, version, flexible, strict, messageName(api, kind));
  return (writer, draft) => interpretEncode(fields, version, flexible, strict, writer, draft);
}

function checkedFlexible(api: Api, version: number): boolean {
  if (!hasVersion(api.versions, version)) {
    throw new WireError('unsupported_version', `${api.name} has no version ${version} here, only ${api.versions}`);
  }
  return hasVersion(api.flexible, version);
}

function messageName(api: Api, kind: Kind): string {
  return `${api.name}${kind === 'request' ? 'Request' : 'Response'}`;
}

/** Node's `--disallow-code-generation-from-strings` makes `new Function` throw an EvalError. */
function canGenerateCode(): boolean {
  if (mayGenerateCode === undefined) {
    try {
      new Function('');
      mayGenerateCode = true;
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      mayGenerateCode = false;
    }
  }
  return mayGenerateCode;
}
