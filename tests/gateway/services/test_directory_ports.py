"""The directory's rows keep the agreement of ``directory_ports`` to the letter."""

from gateway.services.directory_ports import Directory
from gateway.store.tenants import DirectoryRows
from tests.gateway.services.test_ports import methods, test_every_method_is_there_with_the_same_parameters


def test_the_rows_keep_the_agreement() -> None:
    assert len(methods(Directory)) > 30
    test_every_method_is_there_with_the_same_parameters(Directory, DirectoryRows)
