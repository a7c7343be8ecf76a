use super::*;

#[test]
fn a_store_that_was_flushed_holds_little_in_memory_when_it_is_opened_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = LocalSettings {
        directory: directory.path().to_owned(),
        prefix: String::new(),
    };
    let store = Store::open(&settings, &[]).expect("it opens");
    // Much together, but in no keyspace as much as the database flushes by itself.
    let mut batch = store.batch();
    for offset in 0..100 {
        for keyspace in [&store.records, &store.index] {
            batch.insert(keyspace, record_key(0, 0, offset), vec![0; 30_000]);
        }
    }
    store.commit(batch).expect("it is written");
    assert!(store.database.write_buffer_size() > UNFLUSHED);
    store.flush().expect("it is flushed");
    drop(store);

    let store = Store::open(&settings, &[]).expect("it opens again");
    assert!(store.database.write_buffer_size() < UNFLUSHED);
    let records = store.records.prefix(0_u32.to_be_bytes());
    assert_eq!(records.count(), 100);
}
