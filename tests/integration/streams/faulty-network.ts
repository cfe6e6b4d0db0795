/** A network on which the answers to some requests are lost: these have been done, and nobody hears of it. */
import { type ConnectOptions, type Network, nodePlatform, type Socket, type SocketHandler } from '@millrace/base';
import type { Api } from '@millrace/wire';

export class FaultyNetwork implements Network {
  readonly #network = nodePlatform.network;
  #api: Api | undefined;
  #left = 0;

  readonly listen: Network['listen'] = (options, onConnection) => this.#network.listen(options, onConnection);

  /** Loses the next answers to requests of an API, and the connections with them. */
  loseAnswers(api: Api, count: number): void {
    this.#api = api;
    this.#left = count;
  }

  /** How many of them are still to be lost. */
  get left(): number {
    return this.#left;
  }

  async connect(options: ConnectOptions): Promise<Socket> {
    return this.#wrap(await this.#network.connect(options));
  }

  #wrap(socket: Socket): Socket {
    let isDoomed = false;
    return new Proxy(socket, {
      get: (target, name) => {
        if (name === 'write') {
          return (chunks: readonly Uint8Array[], sent?: () => void): boolean => {
            if (this.#left > 0 && apiKeyOf(chunks) === this.#api?.key) {
              this.#left--;
              isDoomed = true;
            }
            return target.write(chunks, sent);
          };
        }
        if (name === 'handle') {
          return (handler: SocketHandler): void =>
            target.handle({
              // Answers come in the order of their requests: what came before is given up too, as in a broken
              // connection.
              data: (chunk) => (isDoomed ? target.destroy() : handler.data(chunk)),
              drained: () => handler.drained(),
              closed: (error) => handler.closed(error),
            });
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** A frame begins with its length and the key of its API. */
function apiKeyOf([head]: readonly Uint8Array[]): number {
  return head === undefined || head.length < 6 ? -1 : new DataView(head.buffer, head.byteOffset).getInt16(4);
}
