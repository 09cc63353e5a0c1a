import { badRequest } from './errors.ts';

export interface Part {
  name: string;
  /** undefined: an ordinary field, not a file. */
  fileName: string | undefined;
  contentType: string | undefined;
  content: Buffer;
}

const END_OF_HEADERS = Buffer.from('\r\n\r\n');

/** undefined when the content type is not that of a form with files. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!contentType || !/^multipart\/form-data\b/i.test(contentType)) return undefined;
  const found = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** @throws ApiError 400 when it is not what its content type says */
export function parseMultipart(body: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line before it.
  const whole = Buffer.concat([Buffer.from('\r\n'), body]);
  const parts: Part[] = [];
  let at = whole.indexOf(delimiter);
  for (;;) {
    if (at < 0) throw badRequest('Malformed multipart body: the closing boundary is missing');
    const from = at + delimiter.length;
    if (whole.toString('latin1', from, from + 2) === '--') return parts;
    at = whole.indexOf(delimiter, from);
    if (at >= 0) parts.push(parsePart(whole.subarray(from + 2, at)));
  }
}

function parsePart(part: Buffer): Part {
  const end = part.indexOf(END_OF_HEADERS);
  if (end < 0) throw badRequest('Malformed multipart body: a part has no headers');
  const headers = new Map(
    part
      .toString('utf8', 0, end)
      .split('\r\n')
      .map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
  const disposition = headers.get('content-disposition') ?? '';
  const name = attribute(disposition, 'name');
  if (name === undefined) throw badRequest('Malformed multipart body: a part has no name');
  return {
    name,
    fileName: attribute(disposition, 'filename'),
    contentType: headers.get('content-type'),
    content: part.subarray(end + END_OF_HEADERS.length),
  };
}

/** Quotes and line ends in it are percent-encoded, as browsers and fetch write them. */
function attribute(disposition: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition);
  return found?.[1]?.replace(/%(22|0D|0A)/gi, (code) => decodeURIComponent(code));
}
