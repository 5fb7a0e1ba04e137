#include "io_support.h"

static struct rdtls_path path_to(const char *remote, const char *local)
{
    struct rdtls_path path = {0};
    ip_parse(remote, path.remote_ip);
    ip_parse(local, path.local_ip);
    return path;
}

Test(udp_address, an_ipv4_address_survives_the_way_to_the_kernel_and_back)
{
    struct rdtls_path path = path_to("192.0.2.7", "0.0.0.0");
    union udp_name name;
    cr_expect_eq(udp_name_make(AF_INET, path.remote_ip, 4433, 0, &name), sizeof(name.v4));
    cr_expect_eq(name.v4.sin_family, AF_INET);
    cr_expect_eq(name.v4.sin_port, htons(4433));
    cr_expect_eq(name.v4.sin_addr.s_addr, inet_addr("192.0.2.7"));

    struct rdtls_path back = {.interface_index = 9};
    path_take_remote(&back, &name);
    cr_expect_arr_eq(back.remote_ip, path.remote_ip, 16);
    cr_expect_eq(back.remote_port, 4433);
    cr_expect_eq(back.interface_index, 0);
}

Test(udp_address, an_ipv6_address_keeps_its_interface)
{
    struct rdtls_path path = path_to("fe80::1", "::");
    union udp_name name;
    cr_expect_eq(udp_name_make(AF_INET6, path.remote_ip, 5, 3, &name), sizeof(name.v6));
    struct rdtls_path back = {0};
    path_take_remote(&back, &name);
    cr_expect_arr_eq(back.remote_ip, path.remote_ip, 16);
    cr_expect_eq(back.remote_port, 5);
    cr_expect_eq(back.interface_index, 3);
}

Test(udp_address, an_ipv4_socket_cannot_carry_an_ipv6_address)
{
    struct rdtls_path path = path_to("2001:db8::1", "::");
    union udp_name name;
    cr_expect_eq(udp_name_make(AF_INET, path.remote_ip, 1, 0, &name), 0);
}

Test(udp_address, an_ipv6_socket_carries_an_ipv4_address_mapped)
{
    struct rdtls_path path = path_to("192.0.2.7", "::");
    union udp_name name;
    cr_expect_eq(udp_name_make(AF_INET6, path.remote_ip, 1, 0, &name), sizeof(name.v6));
    cr_expect(IN6_IS_ADDR_V4MAPPED(&name.v6.sin6_addr));
}

Test(udp_address, the_local_address_that_we_write_is_the_one_that_we_read)
{
    static const struct {
        int family;
        const char *local;
    } cases[] = {{AF_INET, "127.3.2.1"}, {AF_INET6, "2001:db8::5"}, {AF_INET6, "192.0.2.1"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        alignas(struct cmsghdr) uint8_t control[SEND_CONTROL_MAX];
        struct rdtls_path path = path_to("::", cases[i].local);
        size_t len = path_give_local(&path, cases[i].family, control);
        cr_assert_leq(len, sizeof(control));
        struct rdtls_path back = {0};
        cr_expect(path_take_local(&back, control, len), "%s", cases[i].local);
        cr_expect_arr_eq(back.local_ip, path.local_ip, 16, "%s", cases[i].local);
    }
}

Test(udp_address, without_packet_information_the_local_address_is_left_alone)
{
    struct rdtls_path path = path_to("::", "192.0.2.1");
    struct rdtls_path before = path;
    cr_expect_not(path_take_local(&path, NULL, 0));
    cr_expect_eq(memcmp(&path, &before, sizeof(path)), 0);
}

Test(udp_address, knows_any_address_of_either_kind)
{
    uint8_t ip[16];
    ip_parse("::", ip);
    cr_expect(ip_is_any(ip));
    cr_expect_not(ip_is_v4(ip));
    ip_parse("0.0.0.0", ip);
    cr_expect(ip_is_any(ip));
    cr_expect(ip_is_v4(ip));
    ip_parse("0.0.0.1", ip);
    cr_expect_not(ip_is_any(ip));
    ip_parse("::1", ip);
    cr_expect_not(ip_is_any(ip));
}

Test(udp_address, is_written_as_people_write_it)
{
    char text[UDP_ADDRESS_TEXT_MAX];
    uint8_t ip[16];
    ip_parse("127.0.0.1", ip);
    udp_address_text(ip, 4433, text);
    cr_expect_str_eq(text, "127.0.0.1:4433");
    ip_parse("2001:db8::1", ip);
    udp_address_text(ip, 65535, text);
    cr_expect_str_eq(text, "[2001:db8::1]:65535");
}
