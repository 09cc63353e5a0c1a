export { createHttpServer, type HttpServer, type HttpServerOptions, type NodeRedMount } from './http-server.ts';
export { NOT_READY, type Notice, type NotReady } from './not-ready.ts';
export type { Health } from './probes.ts';
