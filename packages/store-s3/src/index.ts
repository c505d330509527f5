import type { ArtefactStore } from '@advrob/scale';

export declare function s3Store(options: { url: string; insecure?: boolean | undefined }): Promise<ArtefactStore>;
