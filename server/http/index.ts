export { createHttpServer, type HttpServer, type HttpServerOptions, type NodeRedMount } from './http-server.ts';
export type { Health } from './probes.ts';
