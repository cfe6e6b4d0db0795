/**
 * Stands between a client and an honest broker and forges answers, by instructions of six bytes: how many answers to
 * let pass first, what to do to the next, and where and how. Bytes can be changed as they lie on the wire, or a field
 * can get another value, so that the answer still reads well and means something else.
 */
import { isMillraceError, type Network, type Socket } from '@millrace/base';
import {
  type Api,
  apiByKey,
  ByteReader,
  ByteWriter,
  decodeRequestHeader,
  decodeResponse,
  encodeResponse,
  FrameSplitter,
} from '@millrace/wire';
import { reshape } from './reshape.ts';

export const instructionBytes = 6;
const frameBytesMax = 2 ** 28;
const correlationBytes = 4;
const waitMax = 24;

interface Instruction {
  /** Answers to let pass before it. */
  readonly wait: number;
  readonly kind: number;
  readonly place: number;
  readonly value: number;
}

/** What a request that is under way asked for. */
interface Asked {
  readonly api: Api | undefined;
  readonly version: number;
  readonly correlationId: number;
}

export class AnswerForger {
  readonly #instructions: readonly Instruction[];
  readonly #writer = new ByteWriter();
  #next = 0;
  #passed = 0;

  constructor(instructions: Uint8Array) {
    const bytes = Buffer.from(instructions);
    this.#instructions = Array.from({ length: Math.floor(bytes.length / instructionBytes) }, (_, index) => {
      const at = index * instructionBytes;
      const [wait, kind] = [(bytes[at] as number) % waitMax, bytes[at + 1] as number];
      return { wait, kind, place: bytes.readUInt16BE(at + 2), value: bytes.readUInt16BE(at + 4) };
    });
  }

  /** The network as the client sees it. */
  over(network: Network): Network {
    return {
      listen: (options, onConnection) => network.listen(options, onConnection),
      connect: async (options) => this.#between(await network.connect(options)),
    };
  }

  #between(socket: Socket): Socket {
    const requests: Asked[] = [];
    const asking = new FrameSplitter(frameBytesMax, (frame) => {
      const { apiKey, apiVersion, correlationId } = decodeRequestHeader(new ByteReader(frame));
      requests.push({ api: apiByKey(apiKey), version: apiVersion, correlationId });
    });
    return {
      remoteHost: socket.remoteHost,
      remotePort: socket.remotePort,
      localPort: socket.localPort,
      bufferedBytes: 0,
      handle: (handler) => {
        const answering = new FrameSplitter(frameBytesMax, (frame) => {
          handler.data(framed(this.#forged(frame, requests.shift())));
        });
        socket.handle({
          drained: () => handler.drained(),
          closed: (error) => handler.closed(error),
          data: (chunk) => answering.push(chunk),
        });
      },
      write(chunks) {
        for (const chunk of chunks) asking.push(Uint8Array.from(chunk));
        return socket.write(chunks);
      },
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      end: () => socket.end(),
      destroy: () => socket.destroy(),
    };
  }

  #forged(frame: Uint8Array, asked: Asked | undefined): Uint8Array {
    let forged = frame;
    for (;;) {
      const instruction = this.#instructions[this.#next];
      if (instruction === undefined) return forged;
      if (this.#passed < instruction.wait) {
        this.#passed++;
        return forged;
      }
      this.#next++;
      this.#passed = 0;
      forged = this.#follow(instruction, forged, asked);
    }
  }

  #follow(instruction: Instruction, frame: Uint8Array, asked: Asked | undefined): Uint8Array {
    if (instruction.kind % 4 !== 0 && asked?.api !== undefined) {
      try {
        return this.#reworded(instruction, frame, asked.api, asked);
      } catch (error) {
        // The field can't hold the value.
        if (!isMillraceError(error) && !(error instanceof TypeError)) throw error;
      }
    }
    return bent(instruction, frame);
  }

  /** Gives one field another value. */
  #reworded({ place, value }: Instruction, frame: Uint8Array, api: Api, asked: Asked): Uint8Array {
    const response = decodeResponse(api, asked.version, frame);
    reshape(response, place, value);
    const { chunks } = encodeResponse(this.#writer, api, asked.version, asked.correlationId, response as never);
    return Uint8Array.from(Buffer.concat(chunks).subarray(4));
  }
}

/** Changes bytes as they lie on the wire, but for the number that says which request is answered. */
function bent({ kind, place, value }: Instruction, frame: Uint8Array): Uint8Array {
  if (frame.length <= correlationBytes) return frame;
  const at = correlationBytes + (place % (frame.length - correlationBytes));
  const bytes = Buffer.from(frame);
  if (kind % 3 === 0) return bytes.subarray(0, at);
  if (kind % 3 === 1) return Buffer.concat([bytes.subarray(0, at), Buffer.of(value >> 8, value), bytes.subarray(at)]);
  bytes[at] = value;
  return bytes;
}

function framed(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + frame.length);
  bytes.writeUInt32BE(frame.length);
  bytes.set(frame, 4);
  return bytes;
}
