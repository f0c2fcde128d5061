"""SQL that fills a fresh hub, the same for both databases: rows as clients make them, every field set."""

EPOCH = 1_767_225_600_000_000  # 2026-01-01 in microseconds
OWNER = "(SELECT id FROM users WHERE username = 'hospital')"
CONFIG = ('{"container_type":"DockerArchive","image":"https://example.org/images/segmentation.tar.gz","tasks":{"infer":'
          '{"mounts":{"data_path":"/data","output_path":"/out"},"command":"infer"}}}')
METADATA = '{"medperf":{"image_id":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},"note":"for measuring"}'
SCORES = '{"metrics":{"dice":0.8712,"hausdorff95":4.31,"sensitivity":0.9034},"cases":128}'


def numbers(count):
    return f"WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "



def pad(salt):
    """64 characters that differ for each i, in words of both databases."""
    return f"'{salt:.<48s}' || (1000000000000000 + i)"


def when(step=1_000_003):
    return f"{EPOCH} + i * {step}"


def registered(models, benchmarks, datasets):
    """Containers (two for the benchmarks, one a model), models, approved benchmarks, operational datasets."""
    return f"""
INSERT INTO mlcubes (name, container_config, parameters_config, image_hash, additional_files_tarball_url,
  additional_files_tarball_hash, state, is_valid, metadata, user_metadata, owner, created_at, modified_at, uniqueness)
{numbers(models + 2)} SELECT 'container number ' || i, '{CONFIG}', '{{"threshold":0.5,"patch":[96,96,96]}}', {pad("image")},
  'https://example.org/weights/' || i || '.tar.gz', {pad("weights")}, 'OPERATION', 1, '{METADATA}', '{{}}', {OWNER}, {when()},
  {when()}, {pad("unique")} FROM n ORDER BY i;
INSERT INTO models (name, type, container, asset, state, is_valid, metadata, user_metadata, owner, created_at, modified_at)
SELECT 'model in ' || name, 'CONTAINER', id, NULL, state, 1, metadata, user_metadata, owner, created_at, modified_at
  FROM mlcubes WHERE name LIKE 'container number %' ORDER BY id LIMIT {models};
INSERT INTO benchmarks (name, description, docs_url, demo_dataset_tarball_url, demo_dataset_tarball_hash,
  demo_dataset_generated_uid, data_preparation_mlcube, reference_model, data_evaluator_mlcube, state, is_valid, is_active,
  metadata, user_metadata, approval_status, approved_at, owner, created_at, modified_at)
{numbers(benchmarks)} SELECT 'benchmark number ' || i, 'Segmentation of a structure in volumes of one modality, round ' || i,
  'https://example.org/docs/' || i, 'https://example.org/demo/' || i || '.tar.gz', {pad("demo")}, {pad("uid")},
  (SELECT MIN(id) FROM mlcubes WHERE name LIKE 'container number %'), (SELECT MIN(id) FROM models),
  (SELECT MAX(id) FROM mlcubes), 'OPERATION', 1, 1, '{METADATA}', '{{}}', 'APPROVED', {when()}, {OWNER}, {when()}, {when()}
  FROM n ORDER BY i;
INSERT INTO datasets (name, description, location, input_data_hash, generated_uid, split_seed, data_preparation_mlcube,
  submitted_as_prepared, state, is_valid, generated_metadata, user_metadata, report, owner, created_at, modified_at)
{numbers(datasets)} SELECT 'dataset number ' || i, 'Volumes of one year from one scanner', 'hospital ' || i % 97, {pad("input")},
  {pad("data")}, 0, (SELECT MIN(id) FROM mlcubes WHERE name LIKE 'container number %'), 0, 'OPERATION',
  CASE WHEN i % 50 = 0 THEN 0 ELSE 1 END, '{METADATA}', '{{}}', '{{"cases":128,"complete":true}}', {OWNER}, {when()}, {when()}
  FROM n ORDER BY i;
"""


def associated(members):
    """Every model and dataset takes part in every benchmark."""
    return "".join(f"""
INSERT INTO {kind}_associations (metadata, approval_status, approved_at, created_at, modified_at, {kind}, benchmark, initiated_by)
SELECT '{{}}', 'APPROVED', {EPOCH}, {EPOCH}, {EPOCH}, m.id, b.id, {OWNER} FROM {kind}s m CROSS JOIN benchmarks b;
""" for kind in members)


def results(count, models, benchmarks, datasets):
    """Finished results, spread over all; the id of the n-th of a kind is its first id + n - 1."""
    def nth(table, number):
        return f"(SELECT MIN(id) FROM {table}) + {number}"
    return f"""
INSERT INTO results (name, benchmark, model, dataset, results, metadata, user_metadata, model_report, evaluation_report, is_valid,
  approval_status, finalized, finalized_at, approved_at, owner, created_at, modified_at, signed)
{numbers(count)} SELECT 'run ' || i, {nth('benchmarks', f'i % {benchmarks}')}, {nth('models', f'i % {models}')},
  {nth('datasets', f'i % {datasets}')}, '{SCORES}', '{{"client":"0.1"}}', '{{}}', '{{"status":"finished"}}',
  '{{"status":"finished"}}', CASE WHEN i % 50 = 0 THEN 0 ELSE 1 END,
  CASE WHEN i % 3 = 0 THEN 'APPROVED' WHEN i % 7 = 0 THEN 'REJECTED' ELSE 'PENDING' END, 1, {when()}, NULL, {OWNER}, {when()},
  {when()}, 0 FROM n ORDER BY i;
"""
