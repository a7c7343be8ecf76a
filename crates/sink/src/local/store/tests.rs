use super::*;

#[test]
fn a_store_that_was_flushed_holds_little_in_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = LocalSettings {
        directory: directory.path().to_owned(),
        prefix: String::new(),
    };
    let store = Store::open(&settings, &[]).expect("it opens");
    let mut batch = store.database.batch();
    for offset in 0..100 {
        batch.insert(&store.records, record_key(0, 0, offset), vec![0; 100_000]);
    }
    batch.commit().expect("it is written");
    assert!(store.database.write_buffer_size() > UNFLUSHED);
    store.flush().expect("it is flushed");
    assert!(store.database.write_buffer_size() < UNFLUSHED);
    let records = store.records.prefix(0_u32.to_be_bytes());
    assert_eq!(records.count(), 100);
}
