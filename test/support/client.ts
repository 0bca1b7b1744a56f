import { type Client, type ClientOptions, createClient } from 'graphql-ws';
import WebSocket from 'ws';

/** An answer with an error where none was expected: everything that helps to see why. */
export class UnexpectedAnswer extends Error {
  constructor(request: { query: string; variables: unknown }, status: number, requestId: string | null, body: unknown) {
    super(
      [
        `HTTP ${status}, request id ${requestId}`,
        request.query.trim(),
        `variables: ${JSON.stringify(request.variables)}`,
        `answer: ${JSON.stringify(body, null, 2)}`,
      ].join('\n'),
    );
    this.name = 'UnexpectedAnswer';
  }
}

export interface AnswerError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; fields?: { path: string; message: string }[]; [key: string]: unknown };
}

export interface Answer<Data> {
  status: number;
  headers: Headers;
  data: Data | null | undefined;
  errors: AnswerError[] | undefined;
  /** The body as it came. */
  text: string;
}

/** A caller of the API, from outside: over HTTP and WebSocket, with one credential or none. */
export class TestClient {
  private readonly sockets: Client[] = [];

  constructor(
    readonly url: string,
    readonly token: string | null = null,
  ) {}

  /** The same server with another credential. */
  as(token: string | null): TestClient {
    return new TestClient(this.url, token);
  }

  /** Sends an operation and returns whatever comes back. */
  async send<Data>(
    query: string,
    variables: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer<Data>> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    const { data, errors } = JSON.parse(text) as Pick<Answer<Data>, 'data' | 'errors'>;
    return { status: response.status, headers: response.headers, data, errors, text };
  }

  /** The data of an operation that must succeed. @throws UnexpectedAnswer */
  async request<Data>(
    query: string,
    variables: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Data> {
    const answer = await this.send<Data>(query, variables, headers);
    if (answer.errors || !answer.data) {
      const body = { data: answer.data, errors: answer.errors };
      throw new UnexpectedAnswer({ query, variables }, answer.status, answer.headers.get('x-request-id'), body);
    }
    return answer.data;
  }

  /** The first error of an operation that must be refused. @throws UnexpectedAnswer where it is not. */
  async refusal(query: string, variables: Record<string, unknown> = {}): Promise<AnswerError> {
    const answer = await this.send(query, variables);
    const [error] = answer.errors ?? [];
    if (error) return error;
    throw new UnexpectedAnswer({ query, variables }, answer.status, answer.headers.get('x-request-id'), answer.data);
  }

  /** A WebSocket of its own, which does not come again by itself unless told to. */
  socket(options: Partial<ClientOptions> = {}): Client {
    const client = createClient({
      url: `${this.url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: true,
      ...(this.token && { connectionParams: { authorization: `Bearer ${this.token}` } }),
      ...options,
    });
    this.sockets.push(client);
    return client;
  }

  /** Closes every socket that was opened. */
  async close(): Promise<void> {
    await Promise.all(this.sockets.splice(0).map((socket) => socket.dispose()));
  }
}
