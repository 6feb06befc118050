<?php // What an administrator of Horde does, on its public API: php admin.php policies | reprovision | wipe DEVICE | clear DEVICE | list
require_once __DIR__ . '/../lib/Application.php';
Horde_Registry::appInit('horde', array('authentication' => 'none', 'cli' => true));
$injector = $GLOBALS['injector'];
if ($argv[1] == 'policies') {
    $perms = $injector->getInstance('Horde_Perms');
    $core = $injector->getInstance('Horde_Core_Perms');
    $wanted = array(
        'horde' => Horde_Perms::ALL,
        'horde:activesync' => 'true',
        'horde:activesync:provisioning' => 'true',
        'horde:activesync:provisioning:DevicePasswordEnabled' => '1',
        'horde:activesync:provisioning:MinDevicePasswordLength' => '6',
        'horde:activesync:provisioning:MaxInactivityTimeDeviceLock' => '300',
    );
    foreach ($wanted as $name => $value) {
        $permission = $core->newPermission($name);
        $permission->addDefaultPermission($value, false);
        $perms->addPermission($permission);
        $permission->save();
    }
} else {
    $state = $injector->getInstance('Horde_ActiveSyncState');
    switch ($argv[1]) {
    case 'reprovision':
        $state->resetAllPolicyKeys();
        break;
    case 'wipe':
        $state->setDeviceRWStatus($argv[2], Horde_ActiveSync::RWSTATUS_PENDING);
        break;
    case 'clear':
        $state->setDeviceRWStatus($argv[2], Horde_ActiveSync::RWSTATUS_OK);
        break;
    case 'list':
        foreach ($state->listDevices() as $device) {
            echo json_encode($device), "\n";
        }
        break;
    }
}
