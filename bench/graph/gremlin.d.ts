/** What is used of TinkerPop's client, which comes without types. */
declare module 'gremlin' {
  class Vertex {
    readonly id: string;
  }
  class Edge {
    readonly id: string;
  }
  class Path {
    readonly objects: readonly unknown[];
  }
  class Client {
    constructor(url: string, options: { readonly traversalSource: string });
    submit(
      script: string,
      bindings: object,
      options: { readonly language: 'gremlin-lang' },
    ): Promise<{ toArray(): unknown[] }>;
    close(): Promise<void>;
  }
  const gremlin: {
    readonly structure: { readonly Vertex: typeof Vertex; readonly Edge: typeof Edge; readonly Path: typeof Path };
    readonly driver: { readonly Client: typeof Client };
  };
  // biome-ignore lint/style/noDefaultExport: it is how the client is exported
  export default gremlin;
}
