/**
 * Functions of PostgreSQL that only compute a value and are common in statements. Any other function in a SELECT, such
 * as one that the application defined, may do work of its own. Source: PostgreSQL's chapter "Functions and Operators".
 */
export const pureFunctions: ReadonlySet<string> = new Set(
  [
    'abs age array_agg array_append array_length array_position array_remove array_to_json array_to_string avg',
    'bit_length bool_and bool_or btrim cardinality ceil ceiling char_length clock_timestamp concat concat_ws count cume_dist',
    'current_database current_schema current_setting date_bin date_part date_trunc dense_rank encode decode every extract',
    'first_value floor format gen_random_uuid greatest hashtext hashtextextended initcap json_agg json_array_elements json_build_array',
    'json_build_object json_object_agg jsonb_agg jsonb_array_elements jsonb_array_length jsonb_build_array jsonb_build_object',
    'jsonb_extract_path_text jsonb_object_agg jsonb_set jsonb_typeof json_typeof lag last_value lead least left length lower lpad ltrim',
    'make_date make_interval make_timestamp make_timestamptz max md5 min mod ntile now num_nonnulls octet_length overlay',
    'pg_backend_pid pg_column_size pg_typeof position power percent_rank',
    'random rank regexp_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right round row_number row_to_json',
    'rpad rtrim set_config sha256 sign split_part sqrt starts_with statement_timestamp string_agg string_to_array strpos substr substring',
    'sum timezone to_char to_date to_json to_jsonb to_number to_timestamp transaction_timestamp translate trim trunc txid_current',
    'unnest upper uuidv4 uuidv7 pg_current_xact_id nullif coalesce generate_series jsonb_path_query_first jsonb_path_exists',
  ]
    .join(' ')
    .split(' '),
)
