"""The directory's rows keep the agreement of ``directory_ports`` to the letter."""

from gateway.services.directory_ports import Directory
from gateway.store.tenants import DirectoryRows
from tests.support.agreement import assert_kept, methods


def test_the_rows_keep_the_agreement() -> None:
    assert len(methods(Directory)) > 30
    assert_kept(Directory, DirectoryRows)
