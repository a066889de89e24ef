/** The version of this program; the build puts package.json's in, sources that run as they are have none. */

declare const WFD_VERSION: string | undefined;

export const VERSION: string = typeof WFD_VERSION === 'string' ? WFD_VERSION : '0.0.0-source';
