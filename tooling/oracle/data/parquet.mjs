// DuckDB's Parquet files for the readers of @advrob/datasets, laid out as Hugging Face serves image sets (a struct of bytes and path, a label).
// In an empty folder: npm i @duckdb/node-api && NODE_PATH=node_modules node <this file>
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { DuckDBInstance } = createRequire(`${process.cwd()}/`)('@duckdb/node-api');
const files = fileURLToPath(new URL('../../../packages/datasets/test/files', import.meta.url));
const connection = await (await DuckDBInstance.create(':memory:')).connect();

const pictures = `FROM read_blob(['${files}/png/colour.png', '${files}/png/opaque.png'])`;
const rows = `SELECT {'bytes': content, 'path': parse_filename(filename)} AS image, i % 3 AS label ${pictures}, range(6) AS numbers(i) ORDER BY i, filename`;
await connection.run(
  `COPY (${rows}) TO '${files}/hugging-face.parquet' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 2048)`,
);
await connection.run(
  `COPY (SELECT content AS img, 1::UTINYINT AS fine_label ${pictures}) TO '${files}/plain.parquet' (FORMAT parquet, COMPRESSION zstd)`,
);
