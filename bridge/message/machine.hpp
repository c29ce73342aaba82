// Which machine this is, for who wants to know whether it is another one than before.
#pragma once

#include <string>

namespace bascule {

// 32 hex digits: /etc/machine-id under a key of bascule's, as systemd asks of programs (as
// sd_id128_get_machine_app_specific() does it), so that nobody who reads them learns the machine's
// own. Where the kernel tells a board's serial number (ARM boards do), '-' and as many for that,
// since the machine id of a cloned SD card is on the card. Empty: it cannot be known, or may be
// drawn at each start, as where /etc/machine-id is in memory or in a layer over an image.
std::string machine_id();

// Of these two, as the files have them.
std::string machine_id_of(std::string machine, const std::string& serial);

// By what both tell: a service or a container may be kept from reading the serial number, and who
// works in a shell on the same machine is not.
bool is_same_machine(const std::string& one, const std::string& other);

}  // namespace bascule
