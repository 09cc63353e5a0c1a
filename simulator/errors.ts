/** An answer other than success, thrown from wherever it is found out. */
export class ApiError extends Error {
  readonly status: number;
  /** undefined: an empty body. */
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`${status} ${JSON.stringify(body) ?? ''}`);
    this.status = status;
    this.body = body;
  }
}

export const badRequest = (message: string) => new ApiError(400, { message });
/** Also what an unknown id gives: the Platform does not tell what exists from what does not. */
export const forbidden = () => new ApiError(403, { message: 'Forbidden' });
export const missingPermission = (permission: string) =>
  new ApiError(403, { message: `Forbidden. Missing permission(s): "${permission}"` });
export const unauthorized = () => new ApiError(401, undefined);
export const conflict = (message: string) => new ApiError(409, { message });
export const notFound = (message = 'Not Found') => new ApiError(404, { message });
