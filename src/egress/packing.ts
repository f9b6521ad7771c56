import type { Exchange, Failure, OutboundRequest, OutboundResponse } from './exchange.ts';

/** What crosses between threads for every request is flat: an object would cost three times as much. */
export type PackedRequest = ReturnType<typeof packRequest>;

export function packRequest(number: number, request: OutboundRequest) {
  const { lane, url, method, body, timeoutMs, maxConcurrency, allowInsecureHttp, headers } = request;
  const { tls = null, fresh = false } = request;
  return [number, lane, url, method, body, timeoutMs, maxConcurrency, allowInsecureHttp, tls, fresh, headers] as const;
}

export function unpackRequest(packed: PackedRequest): { number: number; request: OutboundRequest } {
  const [number, lane, url, method, body, timeoutMs, maxConcurrency, allowInsecureHttp, tls, fresh, headers] = packed;
  const request = { lane, url, method, body, timeoutMs, maxConcurrency, allowInsecureHttp, tls, fresh, headers };
  return { number, request };
}

export type PackedExchange = ReturnType<typeof packExchange>;

export function packExchange(number: number, exchange: Exchange) {
  const { durationMs, response, failure, retryAfterMs, remoteAddress, timings, ...more } = exchange;
  const { proxy, certificate, tlsTrouble } = more;
  const isPlain = timings === null && certificate === null && tlsTrouble === null;
  const detail = isPlain ? null : { timings, proxy, certificate, tlsTrouble };
  const answer = packResponse(response);
  return [number, durationMs, answer, packFailure(failure), retryAfterMs, remoteAddress, detail] as const;
}

export function unpackExchange(packed: PackedExchange): { number: number; exchange: Exchange } {
  const [number, durationMs, answer, failure, retryAfterMs, remoteAddress, detail] = packed;
  return {
    number,
    exchange: {
      durationMs,
      response: unpackResponse(answer),
      failure: failure === null ? null : { code: failure[0], message: failure[1] },
      retryAfterMs,
      remoteAddress,
      timings: detail?.timings ?? null,
      proxy: detail?.proxy ?? null,
      certificate: detail?.certificate ?? null,
      tlsTrouble: detail?.tlsTrouble ?? null,
    },
  };
}

function packFailure(failure: Failure | null) {
  return failure === null ? null : ([failure.code, failure.message] as const);
}

function packResponse(response: OutboundResponse | null) {
  if (response === null) return null;
  const { status, body, truncated, headers } = response;
  return [status, body, truncated, Object.entries(headers).flat()] as const;
}

function unpackResponse(packed: ReturnType<typeof packResponse>): OutboundResponse | null {
  if (packed === null) return null;
  const [status, body, truncated, flat] = packed;
  const headers: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) headers[flat[i] as string] = flat[i + 1] as string;
  return { status, headers, body, truncated };
}
